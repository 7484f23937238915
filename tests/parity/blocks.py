# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random quantised tensors in the formats of published files.

`python blocks.py DIR` writes the golden files DIR/blocks.gguf and DIR/float8.safetensors, beside each
one with its values as float32: dequantised by the gguf package, and by torch.
"""

import pathlib
import sys

import gguf
import numpy
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file

# Where a block has its float16 numbers: scale, and the minimum's scale where there is one.
HALVES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0],
    Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
    Type.IQ4_NL: [0], Type.IQ4_XS: [0],
}
# How large the numbers of a block are, in units of its scale: deviation of uniform bits.
SPREAD = {
    Type.Q4_0: 4.6, Type.Q4_1: 8.5, Type.Q5_0: 9.2, Type.Q5_1: 17, Type.Q8_0: 74, Type.Q2_K: 15,
    Type.Q3_K: 43, Type.Q4_K: 300, Type.Q5_K: 600, Type.Q6_K: 1370, Type.IQ4_NL: 70,
    Type.IQ4_XS: 1300,
}


def random_blocks(kind, shape, deviation, rng):
    """A tensor of that type: every bit drawn, but the scales such that values have `deviation`."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    assert shape[-1] % block == 0, (kind, shape)
    data = rng.integers(0, 256, (*shape[:-1], shape[-1] // block, size), dtype=numpy.uint8)
    for place in HALVES[kind]:
        scale = rng.uniform(0.7, 1.3, data.shape[:-1]) * deviation / SPREAD[kind]
        data[..., place:place + 2] = scale.astype(numpy.float16)[..., None].view(numpy.uint8)
    return data.reshape(*shape[:-1], -1)


def values_of(kind, data):
    """What the blocks stand for, by the gguf package."""
    return torch.from_numpy(gguf.quants.dequantize(data, kind).astype(numpy.float32).copy())


def golden_gguf(folder, rng):
    writer = gguf.GGUFWriter(folder / "blocks.gguf", "none")
    values = {}
    for kind in HALVES:
        data = random_blocks(kind, (3, 512), 1.0, rng)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        values[kind.name] = values_of(kind, data)
    for name, array in (("F32", rng.standard_normal((2, 5)).astype(numpy.float32)),
                        ("F16", rng.standard_normal((2, 5)).astype(numpy.float16))):
        writer.add_tensor(name, array)
        values[name] = torch.from_numpy(array.astype(numpy.float32))
    brain = torch.from_numpy(rng.standard_normal((2, 6))).bfloat16()
    writer.add_tensor("BF16", brain.view(torch.uint8).numpy(), raw_dtype=Type.BF16)
    values["BF16"] = brain.float()
    five = rng.standard_normal((2, 1, 1, 2, 3)).astype(numpy.float32)
    writer.add_array("comfy.gguf.orig_shape.five", [int(size) for size in five.shape])
    writer.add_tensor("five", five.reshape(4, 3))
    values["five"] = torch.from_numpy(five)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(values, str(folder / "blocks.values"))


def golden_float8(folder):
    codes = torch.arange(256, dtype=torch.uint8)
    tensors, values = {}, {}
    for name, dtype in (("e4m3", torch.float8_e4m3fn), ("e5m2", torch.float8_e5m2)):
        tensors[name] = codes.view(dtype).clone()
        values[name] = codes.view(dtype).float()
    table = codes[:112].view(torch.float8_e4m3fn).reshape(4, 28)
    tensors |= {"one.weight": table.clone(), "one.scale_weight": torch.tensor(0.37),
                "rows.weight": table.clone(),
                "rows.weight_scale": torch.tensor([[1.0], [0.5], [3.3], [-2.0]])}
    for name, scale in (("one", "scale_weight"), ("rows", "weight_scale")):
        values[f"{name}.weight"] = table.float() * tensors[f"{name}.{scale}"]
    save_file(tensors, str(folder / "float8.safetensors"))
    save_file(values, str(folder / "float8.values"))


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    root.mkdir(exist_ok=True)
    golden_gguf(root, numpy.random.default_rng(1))
    golden_float8(root)
