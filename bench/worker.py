# SPDX-License-Identifier: LGPL-2.1-or-later
"""One engine and one work in a process of its own: a measurement for each line of input.

    worker.py ENGINE WORK LAYERS FOLDER THREADS

The first measurement is made at once; with it the process has started. Each answer is a line of
JSON with seconds and the largest memory so far in MiB.
"""

import json
import resource
import sys
import time

import torch

import works


def load_torch(module, example, threads, int8):
    if int8:
        module = torch.ao.quantization.quantize_dynamic(module, {torch.nn.Linear}, torch.qint8)
    return lambda: module(*example)


def load_openvino(module, example, threads, int8):
    """As optimum-intel converts a part of a pipeline; `int8`: weights of 8 bits, with which
    OpenVINO quantises activations as it goes."""
    import openvino

    converted = openvino.convert_model(module, example_input=example)
    if int8:
        import nncf

        converted = nncf.compress_weights(converted, mode=nncf.CompressWeightsMode.INT8_ASYM)
    compiled = openvino.Core().compile_model(converted, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": "1", "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    values = [value.numpy() for value in example]
    return lambda: request.infer(values)


ENGINES = {"torch": load_torch, "openvino": load_openvino}


def main():
    engine, name, layers, folder, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    work = {w.name: w for w in works.all_works(int(layers))}[name]
    library, _, precision = engine.partition("-")
    with torch.no_grad():
        run = ENGINES[library](works.component(work, folder), works.inputs(work), int(threads),
                               precision == "int8")
        while True:
            start = time.monotonic()
            run()
            seconds = time.monotonic() - start
            if work.measures == "frame":
                seconds /= work.frames
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps({work.measures: seconds, "memory": memory}), flush=True)
            if not sys.stdin.readline():
                break


if __name__ == "__main__":
    main()
