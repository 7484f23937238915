# SPDX-License-Identifier: LGPL-2.1-or-later
"""One engine and one work in a process of its own: a measurement for each line of input.

    worker.py ENGINE WORK LAYERS FOLDER THREADS TIME

TIME is clock, or processor: of all threads together.
The first measurement is made at once; with it the process has started. Each answer is a line of
JSON with seconds and the largest memory so far in MiB.

An engine is a generator that gives the seconds of one measurement after another.
"""

import json
import os
import queue
import resource
import sys
import threading
import time

import torch

import works


clock = time.monotonic  # or what main sets


def timed(run):
    while True:
        start = clock()
        run()
        yield clock() - start


def measure_torch(work, folder, threads, precision):
    module, example = works.component(work, folder), works.inputs(work)
    if precision == "int8":
        # the blocks alone: Wan asks a layer before them for the type of its parameters
        for part in module.module.children():
            if isinstance(part, torch.nn.ModuleList):
                torch.ao.quantization.quantize_dynamic(part, {torch.nn.Linear}, torch.qint8,
                                                       inplace=True)
    if precision == "bf16":
        module, example = module.bfloat16(), [x.bfloat16() for x in example]
    yield from timed(lambda: module(*example))


def measure_openvino(work, folder, threads, precision):
    """As optimum-intel converts a part of a pipeline; int8: weights of 8 bits, with which
    OpenVINO quantises activations as it goes."""
    import openvino

    example = works.inputs(work)
    converted = openvino.convert_model(works.component(work, folder), example_input=example)
    if precision == "int8":
        import nncf

        converted = nncf.compress_weights(converted, mode=nncf.CompressWeightsMode.INT8_ASYM)
    compiled = openvino.Core().compile_model(converted, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": "1", "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32"})
    request = compiled.create_infer_request()
    values = [value.numpy() for value in example]
    yield from timed(lambda: request.infer(values))


def measure_sdcpp(work, folder, threads, precision):
    """Its parts cannot be run alone, so a generation is made. Without a text encoder it takes
    zeros for the prompt."""
    import stable_diffusion_cpp

    transformer, vae = works.single_files(work, folder)
    model = stable_diffusion_cpp.StableDiffusion(
        diffusion_model_path=str(transformer), vae_path=str(vae), n_threads=threads,
        wtype=precision or "f32", diffusion_flash_attn=True, verbose=False)

    def generate(steps, on_step):
        model.generate_video(
            width=work.width, height=work.height, video_frames=work.frames, cfg_scale=1,
            sample_method="euler", sample_steps=steps, seed=1,
            progress_callback=lambda step, count, seconds: step and on_step())

    yield from (sdcpp_steps if work.measures == "step" else sdcpp_decoding)(generate)


def sdcpp_steps(generate):
    """A generation of more steps than anybody asks for, which stands still between them: so it
    never comes to decoding, which takes much longer."""
    done, wanted = queue.Queue(), queue.Queue()
    start = clock()

    def on_step():
        nonlocal start
        done.put(clock() - start)
        wanted.get()
        start = clock()

    threading.Thread(target=generate, args=(1000, on_step), daemon=True).start()
    while True:
        yield done.get()
        wanted.put(None)


def sdcpp_decoding(generate):
    """What follows the only step."""
    while True:
        steps = []
        generate(1, lambda: steps.append(clock()))
        yield clock() - steps[-1]


ENGINES = {"torch": measure_torch, "openvino": measure_openvino, "sdcpp": measure_sdcpp}


def main():
    global clock
    engine, name, layers, folder, threads, kind = sys.argv[1:]
    clock = time.process_time if kind == "processor" else time.monotonic
    answers = os.fdopen(os.dup(1), "w")  # stable-diffusion.cpp is silenced by closing the first
    torch.set_num_threads(int(threads))
    work = {w.name: w for w in works.all_works(int(layers))}[name]
    library, _, precision = engine.partition("-")
    with torch.no_grad():
        for seconds in ENGINES[library](work, folder, int(threads), precision):
            if work.measures == "frame":
                seconds /= work.frames
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps({work.measures: seconds, "memory": memory}), file=answers, flush=True)
            if not sys.stdin.readline():
                os._exit(0)  # whatever still runs in other threads


if __name__ == "__main__":
    main()
