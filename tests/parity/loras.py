# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random LoRA files in the ways that they are published, and the reference with them loaded.

A request's `loras` lists (form, weight) or (form, weight, transformer), `transformer` being 2 for
the second one of a pipeline that has two.
"""

import contextlib
import json

import torch
from safetensors.torch import load_file, save_file

from published import original_transformer, original_wan_transformer

RANK = 4


def modules(transformer):
    """Name and module of every layer that diffusers' loaders know a LoRA of."""
    return [(name, module) for name, module in transformer.named_modules()
            if isinstance(module, (torch.nn.Linear, torch.nn.Conv3d))]


def random(generator, *shape, spread=0.3):
    return torch.randn(shape, generator=generator) * spread


def pair(module, rank, generator):
    """lora_A and lora_B, which change the outputs about as much as the weights make them."""
    shape = module.weight.shape
    more = shape[2:]
    spread = float(module.weight.detach().std()) * rank ** -0.25
    return (random(generator, rank, *shape[1:], spread=spread ** 0.5),
            random(generator, shape[0], rank, *(1 for _ in more), spread=0.5 * spread ** 0.5))


def is_wan(transformer):
    return type(transformer).__name__.startswith("Wan")


def in_blocks(name):
    return "blocks." in name


# ---------------------------------------------------------------- forms


def peft(transformer, generator):
    """As save_lora_weights writes it, with ranks that differ and no metadata."""
    tensors = {}
    for number, (name, module) in enumerate(modules(transformer)):
        down, up = pair(module, RANK + number % 3, generator)
        tensors |= {f"transformer.{name}.lora_A.weight": down,
                    f"transformer.{name}.lora_B.weight": up}
    return tensors, None


def metadata(transformer, generator):
    """The same with PEFT's configuration beside it, which says how much of it counts."""
    names = [name for name, _ in modules(transformer) if in_blocks(name)]
    tensors = {}
    for name, module in modules(transformer):
        if name in names:
            down, up = pair(module, RANK, generator)
            tensors |= {f"transformer.{name}.lora_A.weight": down.bfloat16(),
                        f"transformer.{name}.lora_B.weight": up.bfloat16()}
    config = {"r": RANK, "lora_alpha": 3, "target_modules": names, "use_rslora": True,
              "alpha_pattern": {names[1]: 7, names[-1].split(".", 2)[2]: 5}, "rank_pattern": {},
              "lora_bias": False}
    return tensors, {"lora_adapter_metadata": json.dumps(
        {f"transformer.{key}": value for key, value in config.items()})}


def down_up(transformer, generator):
    """The names that diffusers wrote before PEFT."""
    tensors = {}
    for name, module in modules(transformer):
        if in_blocks(name) and "attn" in name:
            down, up = pair(module, RANK, generator)
            tensors |= {f"transformer.{name}.lora.down.weight": down.half(),
                        f"transformer.{name}.lora.up.weight": up.half()}
    return tensors, None


def original(transformer, generator):
    """Under the authors' names; Wan's with alphas, differences of biases and of the last layer."""
    tensors = {}
    for name, module in modules(transformer):
        if not is_wan(transformer):
            down, up = pair(module, RANK, generator)
            tensors |= {f"diffusion_model.{name}.lora_A.weight": down,
                        f"diffusion_model.{name}.lora_B.weight": up}
            continue
        place = "diffusion_model." + original_wan_transformer(name + ".").removesuffix(".")
        if place.endswith("patch_embedding"):
            continue
        if place.endswith("head.head"):
            tensors[place + ".diff"] = random(generator, *module.weight.shape, spread=0.05)
            tensors[place + ".diff_b"] = random(generator, *module.bias.shape)
            continue
        down, up = pair(module, RANK, generator)
        tensors |= {place + ".lora_down.weight": down, place + ".lora_up.weight": up,
                    place + ".diff_b": random(generator, *module.bias.shape)}
        if in_blocks(name):
            tensors[place + ".alpha"] = torch.tensor(2.5)
    return tensors, None


def kohya(transformer, generator):
    """
    musubi-tuner's: flat names, always with alphas. These make alpha / rank a power of two, since
    diffusers multiplies in the file's own BF16.
    """
    tensors = {}
    for name, module in modules(transformer):
        if in_blocks(name):
            down, up = pair(module, RANK, generator)
            place = original_wan_transformer(name + ".").removesuffix(".").replace(".", "_")
            place = "lora_unet_" + place
            tensors |= {place + ".lora_down.weight": down.bfloat16(),
                        place + ".lora_up.weight": up.bfloat16(), place + ".alpha": torch.tensor(2.0)}
    return tensors, None


def differences(transformer, generator):
    """Of every parameter, whole: what diffusers reads only in part."""
    rename = original_wan_transformer if is_wan(transformer) else original_transformer
    tensors = {}
    for name, parameter in transformer.named_parameters():
        place = "diffusion_model." + rename(name)
        place = place.removesuffix(".weight") + ".diff" if not name.endswith(".bias") else (
            place.removesuffix("bias") + "diff_b")
        tensors[place] = random(generator, *parameter.shape, spread=0.2 * float(parameter.detach().std()))
    return tensors, None


FORMS = {function.__name__: function
         for function in (peft, metadata, down_up, original, kohya, differences)}


# ---------------------------------------------------------------- both sides


def transformer_of(pipeline, lora):
    return pipeline.transformer_2 if lora[2:] == (2,) else pipeline.transformer


def write(pipeline, request, scratch, case, seed):
    """Writes the files; the value of --lora."""
    entries = []
    for number, lora in enumerate(request.loras):
        path = scratch / f"{case}.lora-{number}.safetensors"
        generator = torch.Generator().manual_seed(1000 * seed + number)
        tensors, notes = FORMS[lora[0]](transformer_of(pipeline, lora), generator)
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, str(path),
                  metadata=notes)
        entries.append(f"{path}{'@2' if lora[2:] else ''}={lora[1]}")
    return "|".join(entries)


def add_differences(transformer, path, weight):
    """Adds the file's tensors to the parameters; those as they were before."""
    generator = torch.Generator().manual_seed(0)
    places = list(differences(transformer, generator)[0])
    tensors = load_file(str(path))
    before = []
    for place, (name, parameter) in zip(places, transformer.named_parameters()):
        before.append((parameter, parameter.detach().clone()))
        parameter.data += weight * tensors[place]
    return before


@contextlib.contextmanager
def loaded(pipeline, request, value):
    """Within this context the pipeline has what the value of --lora says."""
    before, names, weights = [], [], []
    paths = [entry.rsplit("=", 1)[0].removesuffix("@2") for entry in value.split("|")]
    for lora, path in zip(request.loras, paths):
        if lora[0] == "differences":  # before PEFT gives the parameters other names
            before += add_differences(transformer_of(pipeline, lora), path, lora[1])
    for number, (lora, path) in enumerate(zip(request.loras, paths)):
        if lora[0] == "differences":
            continue
        names.append(f"lora-{number}")
        weights.append(lora[1])
        more = {"load_into_transformer_2": True} if lora[2:] else {}
        pipeline.load_lora_weights(path, adapter_name=names[-1], **more)
    if names:
        pipeline.set_adapters(names, weights)
    try:
        yield
    finally:
        if names:
            pipeline.unload_lora_weights()
            if request.loras and any(lora[2:] for lora in request.loras):
                pipeline.transformer_2.unload_lora()
        for parameter, value in before:
            parameter.data.copy_(value)
