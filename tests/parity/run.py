# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds fresh random checkpoints and compares `t2v generate` with the diffusers pipeline."""

import argparse
import dataclasses
import fnmatch
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # everything is local
warnings.filterwarnings("ignore")

from safetensors.torch import load_file, save_file  # noqa: E402

import checkpoints  # noqa: E402
import compare  # noqa: E402
import loras  # noqa: E402
import pictures  # noqa: E402
import published  # noqa: E402
import reference  # noqa: E402
import tiny  # noqa: E402
from cases import CASES  # noqa: E402
from drawn import draw_cases  # noqa: E402

TIMEOUT = 120  # seconds that one generation may take
TRIES = 9  # of a cache's threshold: how much random weights change is not known
TOO_FEW = "the cache was to take some evaluations"
TOO_MANY = "the cache was to leave some evaluations"
EMBEDDED = pathlib.Path(os.environ.get("T2V_MODEL_DIR")
                        or pathlib.Path(__file__).parents[2] / "models" / "default")


def arguments(request, folder, dump):
    """The command line of one generation, after the program's name."""
    words = ["generate", "--model", folder, "--prompt", request.prompt,
             "--width", request.width, "--height", request.height, "--frames", request.frames,
             "--rate", request.rate, "--seed", request.seed, "--dump", dump]
    if not request.unsaid:
        words += ["--steps", request.steps, "--guidance", request.guidance]
        if request.guidance_2 is not None:
            words += ["--guidance-2", request.guidance_2]
    for option in ("negative", "decode_timestep", "decode_noise_scale"):
        if getattr(request, option) is not None:
            words += ["--" + option.replace("_", "-"), getattr(request, option)]
    if request.cache is not None:
        words += ["--cache", "first-block", "--cache-threshold", request.cache, "--verbose"]
    if request.sigmas and not request.unsaid:
        words += ["--sigmas", "|".join(map(str, request.sigmas))]
    return [str(word) for word in words]


def misused(messages):
    """What is wrong with how many evaluations of each window were computed, the first aside, or None."""
    counts = [(int(computed), int(all))
              for computed, all in re.findall(r"cache: (\d+) of (\d+) evaluations", messages)]
    print("            " + ", ".join(f"{computed} of {all} computed" for computed, all in counts))
    if not counts or any(computed == all for computed, all in counts):
        return TOO_FEW
    return TOO_MANY if any(computed <= 2 for computed, all in counts) else None


def generate(t2v, request, folder, dump, noise, paths, more):
    """Runs t2v; the dump's tensors, or a string that says why there are none."""
    command = [t2v, *arguments(request, folder, dump), *more]
    for option, path in paths.items():
        command += ["--" + option.replace("_", "-"), str(path)]
    if noise:
        save_file(noise, str(dump) + ".noise")
        command += ["--noise", str(dump) + ".noise"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors="replace",
                                stdin=subprocess.DEVNULL, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"not ready after {TIMEOUT} s"
    if result.returncode:
        return f"exit {result.returncode}: {result.stderr.strip()[-500:]}"
    wrong = misused(result.stderr) if request.cache is not None else None
    return wrong or load_file(str(dump))


def generate_some(t2v, request, *rest):
    """The request, with a threshold at which its cache takes some, and what came of it: halving."""
    low, high = 0.0, 0.0  # thresholds that take too few and too many; none yet
    for _ in range(TRIES):
        ours = generate(t2v, request, *rest)
        if ours is TOO_FEW:
            low = request.cache
        elif ours is TOO_MANY:
            high = request.cache
        else:
            break
        between = (low * high) ** 0.5 if low and high else low * 2 or high / 2
        request = dataclasses.replace(request, cache=between)
    return request, ours


def moved_by_rounding(pipeline, request, noise, paths, theirs):
    """Figures of how far the reference moves itself. The units that mark places are steep in a trained
    model: there rounding matters more than in random weights."""
    figures = []
    for seed in range(3):
        with reference.rounded_otherwise(pipeline, seed):
            figures += compare.compare(reference.run(pipeline, request, noise, paths), theirs)
    return figures


def check_case(pipeline, folder, case, seed, scratch, options, given):
    """Runs one case with both programs and prints its line; the verdict. `given`: further words."""
    name, _, request, *source = case
    noise = None if "torch" in source else reference.draw_noise(pipeline, request, seed)
    dump = scratch / f"{name}.safetensors"
    paths = pictures.write(pipeline, request, scratch, name, seed)
    more = [*given, *options.more]
    lora = loras.write(pipeline, request, scratch, name, seed)
    if lora:
        more += ["--lora", lora]
    request, ours = generate_some(options.t2v, request, folder, dump, noise, paths, more)
    with loras.loaded(pipeline, request, lora):
        theirs = reference.run(pipeline, request, noise, paths)
    if options.keep:
        save_file(theirs, str(dump) + ".reference")
    if isinstance(ours, str):
        print(f"FAIL        {name}: {ours}", flush=True)
        return "FAIL"
    figures = compare.compare(ours, theirs)
    if folder == EMBEDDED and compare.worst(figures) == "suspicious":
        figures = compare.allow(figures, moved_by_rounding(pipeline, request, noise, paths, theirs))
    verdict = compare.worst(figures)
    print(f"{verdict:11} {name}: {compare.describe(figures)}", flush=True)
    return verdict


def check_model(model, spec, cases, seed, root, options):
    """Builds one checkpoint, unless it is the embedded model, and runs its cases; their verdicts."""
    if spec is None:
        print(f"\n{model}: {EMBEDDED}", flush=True)
        folder = EMBEDDED
    else:
        print(f"\n{model}: {spec['pipeline']}, {'/'.join(spec['storage'])}"
              + (", sharded" if spec["shard"] else ""), flush=True)
        folder = checkpoints.build(root / model, spec, seed)
    target = folder
    if spec and spec.get("published"):
        target = published.publish(folder, spec, root / f"{model}-published")
    pipeline = reference.load(folder)
    given = []
    if spec and spec.get("tiny"):
        path = root / f"{model}-vae.safetensors"
        tiny.replace(pipeline, spec["tiny"], path, seed)
        given = ["--vae", str(path)]
    return [check_case(pipeline, target, case, seed + number, root, options, given)
            for number, case in enumerate(cases)]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--t2v", help="the t2v command")
    parser.add_argument("--seed", type=int, help="of weights and noise; default: the clock")
    parser.add_argument("--cases", default="*", metavar="PATTERN",
                        help="names of cases or of models, such as 'torch*'")
    parser.add_argument("--drawn", type=int, default=4, metavar="N",
                        help="also N checkpoints with everything drawn from the seed")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--tolerate", action="store_true",
                        help="pass figures that are within the tolerance but not exact")
    parser.add_argument("--keep", metavar="DIR", help="leave checkpoints, noise and dumps there")
    parser.add_argument("more", nargs="*", help="after --: further options of t2v generate")
    return parser.parse_args()


def main():
    options = parse_arguments()
    seed = int(time.time()) if options.seed is None else options.seed
    models, cases = draw_cases(random.Random(seed), options.drawn)
    models |= checkpoints.MODELS | published.MODELS
    models |= {name: models[base] | {"tiny": spec} for name, (base, spec) in tiny.MODELS.items()}
    cases = [case for case in CASES + published.CASES + cases
             if fnmatch.fnmatch(case[0], options.cases)
             or fnmatch.fnmatch(case[1], options.cases)]
    if not cases:
        sys.exit(f"no case and no model is called {options.cases}")
    if options.list:
        print("\n".join(f"{case[0]:24} {case[1]}" for case in cases))
        return 0

    print(f"seed {seed}", flush=True)
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="t2v-parity-") as scratch:
        root = pathlib.Path(options.keep or scratch)
        for model in dict.fromkeys(case[1] for case in cases):
            verdicts += check_model(model, models.get(model), [c for c in cases if c[1] == model], seed,
                                    root, options)
    failed = sum(v == "FAIL" or (v == "suspicious" and not options.tolerate) for v in verdicts)
    print(f"\n{len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
