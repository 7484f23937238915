# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures the engines in turn and prints tables. bench/run installs what this needs."""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

import torch

import works
from works import checkpoints

NAMES = {
    "t2v": "libt2v f32", "t2v-bf16": "libt2v bf16", "t2v-int8": "libt2v int8",
    "torch": "PyTorch f32", "torch-bf16": "PyTorch bf16", "torch-int8": "PyTorch dynamic int8",
    "openvino": "OpenVINO f32", "openvino-bf16": "OpenVINO bf16",
    "openvino-int8": "OpenVINO 8-bit weights", "sdcpp": "stable-diffusion.cpp f32",
    "sdcpp-q8_0": "stable-diffusion.cpp q8_0",
}
HERE = pathlib.Path(__file__).parent


def say(words):
    print(f"bench/run: {words}", file=sys.stderr, flush=True)


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--engines", required=True)
    parser.add_argument("--works", default="ltx-step,wan-step,ltx-frame,wan-frame")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--processor-time", action="store_true")
    arguments = parser.parse_args()
    if arguments.processor_time:
        arguments.threads = 1
    return arguments


def time_of(arguments):
    return "processor" if arguments.processor_time else "clock"


class Engine:
    """A process that measures once at its start and then once for each line it is sent."""

    def __init__(self, name, work, folder, arguments):
        environment = dict(os.environ, OMP_NUM_THREADS=str(arguments.threads))
        if name.startswith("t2v"):
            command = [arguments.build / "bench" / "clip", folder, work.width, work.height,
                       work.frames, work.steps, arguments.threads,
                       name.partition("-")[2] or "f32", time_of(arguments)]
        else:
            command = [sys.executable, HERE / "worker.py", name, work.name, arguments.layers,
                       folder, arguments.threads, time_of(arguments)]
        self.name, self.measures, self.seconds, self.memory = name, work.measures, [], 0
        start = time.monotonic()
        self.process = subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment)
        self.alive = self.read() is not None
        self.start = time.monotonic() - start
        if self.alive:
            say(f"{work.name}: {NAMES[name]} is ready after {self.start:.0f} s")

    def read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                answer = json.loads(line)
                self.memory = max(self.memory, answer["memory"])
                return answer[self.measures]
        return None

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.seconds.append(self.read())

    def end(self):
        _, said = self.process.communicate()
        if not self.alive:
            words = said.strip().splitlines()
            say(f"{NAMES[self.name]} failed and is left out: "
                f"{words[-1] if words else 'it said nothing'}")


def prepare(work, arguments):
    """The work's checkpoint, made when it is wanted for the first time."""
    layers = f"-{arguments.layers}" if work.measures == "step" else ""
    folder = arguments.cache / "models" / (work.name + layers)
    if not (folder / "model_index.json").exists():
        say(f"writing {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        torch.manual_seed(1)
        checkpoints.build(folder, work.spec(), 1)
    return folder


def measure(work, arguments):
    """All engines side by side: each is started, then all are asked in turn."""
    folder = prepare(work, arguments)
    names = [n for n in arguments.engines.split(",")
             if works.is_measured(n, work) and (has_bf16() or not n.endswith("bf16"))]
    engines = [Engine(name, work, folder, arguments) for name in names]
    for i in range(arguments.repeat):
        for engine in engines:
            if engine.alive:
                engine.measure()
        say(f"{work.name}: round {i + 1} of {arguments.repeat}, " + ", ".join(
            f"{NAMES[e.name]} {e.seconds[-1]:.2f} s" for e in engines if e.alive))
    for engine in engines:
        engine.end()
    return [engine for engine in engines if engine.alive]


def read_peaks(arguments):
    """GFLOP/s of oneDNN's float product and convolution."""
    said = subprocess.run(
        [arguments.build / "t2v", "bench", "--peak", "--threads", str(arguments.threads),
         "--rounds", "3"] + ["--processor-time"] * arguments.processor_time,
        check=True, capture_output=True, text=True).stdout
    rates = [float(r) for r in re.findall(r"([\d.]+) GFLOP/s", said)]  # others follow
    return {"step": rates[0], "frame": rates[1]}, said


def processor_line(key):
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(key):
            return line.split(":")[1].strip()
    return ""


def processor():
    return processor_line("model name") or platform.machine()


def has_bf16():
    return "avx512_bf16" in processor_line("flags").split()


def print_table(work, engines, peaks, markdown):
    gflop = works.operations(work) * 1e-9
    heads = ["engine", f"seconds a {work.measures}", "least", "GFLOP/s", "of peak",
             "peak MiB", "start s"]
    rows = []
    for engine in engines:
        seconds = statistics.median(engine.seconds)
        rows.append([NAMES[engine.name], f"{seconds:.3f}", f"{min(engine.seconds):.3f}",
                     f"{gflop / seconds:.0f}", f"{100 * gflop / seconds / peaks[work.measures]:.0f} %",
                     f"{engine.memory:.0f}", f"{engine.start:.1f}"])
    print(f"\n{'### ' if markdown else ''}{work.title} ({gflop:.0f} GFLOP)\n")
    if markdown:
        for row in [heads, ["---"] + ["---:"] * (len(heads) - 1)] + rows:
            print("| " + " | ".join(row) + " |")
        return
    for row in [heads] + rows:
        print(f"{row[0]:24}" + "".join(f"{cell:>16}" for cell in row[1:]))


def run(work, arguments):
    """A table as soon as the work is measured; the peak is the better of before and after."""
    before, said = read_peaks(arguments)
    engines = measure(work, arguments)
    after, _ = read_peaks(arguments)
    peaks = {kind: max(before[kind], after[kind]) for kind in before}
    print_table(work, engines, peaks, arguments.markdown)
    print(f"\nof peak: of oneDNN's {peaks[work.measures]:.0f} GFLOP/s in a "
          f"{'product' if work.measures == 'step' else 'convolution'}, the better of before and "
          "after; start: until the first result, weights read and prepared", flush=True)


def main():
    arguments = read_arguments()
    chosen = arguments.works.split(",")
    all_works = {work.name: work for work in works.all_works(arguments.layers)}
    for name in chosen:
        if name not in all_works:
            sys.exit(f"bench/run: there is no work \"{name}\"; there are {', '.join(all_works)}")
    print(f"{processor()}, {arguments.threads} threads, {platform.system()} {platform.release()}; "
          f"PyTorch {torch.__version__}; medians of {arguments.repeat} taken in turn"
          + ", in seconds of the processor" * arguments.processor_time, flush=True)
    for name in chosen:
        run(all_works[name], arguments)


if __name__ == "__main__":
    main()
