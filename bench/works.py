# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured: parts of the published models, with random weights.

A work is a checkpoint folder one half of which has the published sizes while the other is tiny, so
that a whole generation measures that half alone.
"""

import dataclasses
import math
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "parity"))
import checkpoints  # noqa: E402

# The text encoder is tiny too, but for the width of what it gives.
TEXT = checkpoints.t5(4096, 64, 1, 1, 64)
BF16 = ("BF16", "BF16", "BF16")


@dataclasses.dataclass
class Work:
    """`width` × `height` × `frames` pixels; `text` tokens of prompt; `steps` of which the first
    prepares weights; `of` is how many layers were published."""

    name: str
    title: str
    pipeline: str
    dit: dict
    vae: dict
    scheduler: dict
    width: int
    height: int
    frames: int
    text: int
    ratio: tuple  # pixels to latents in time, height and width
    measures: str  # "step" or "frame"
    steps: int = 3

    def latent_shape(self):
        """[1, C, F, H, W]"""
        time, height, width = self.ratio
        channels = self.dit["in_channels"]
        return (1, channels, (self.frames - 1) // time + 1, self.height // height,
                self.width // width)

    def spec(self):
        return checkpoints.model(self.pipeline, TEXT, self.dit, self.vae, self.scheduler, BF16,
                                 umt5_pieces=self.pipeline == "WanPipeline")


def ltx(name, title, layers, measures, **size):
    step = measures == "step"
    return Work(
        name, title, "LTXPipeline",
        checkpoints.dit(128, 32, 64, layers) if step else checkpoints.dit(128, 1, 64, 1),
        checkpoints.vae_090(128, (8, 8, 8, 8), (1, 1, 1, 1, 1)) if step
        else checkpoints.vae_090(128, (128, 256, 512, 512), (4, 3, 3, 3, 4)),
        checkpoints.DYNAMIC_SHIFT, text=128, ratio=(8, 32, 32), measures=measures, **size)


def wan(name, title, layers, measures, **size):
    step = measures == "step"
    return Work(
        name, title, "WanPipeline",
        checkpoints.wan_dit(16, 12, 128, layers, 8960) if step
        else checkpoints.wan_dit(16, 1, 64, 1, 64),
        checkpoints.wan_vae(16, 4, num_res_blocks=0) if step
        else checkpoints.wan_vae(16, 96, num_res_blocks=2),
        checkpoints.UNIPC, text=512, ratio=(4, 8, 8), measures=measures, **size)


def all_works(layers):
    return [
        ltx("ltx-step", f"LTX-Video 2B, {layers} of 28 layers, 640 + 128 tokens: a step", layers,
            "step", width=512, height=320, frames=25),
        wan("wan-step", f"Wan 2.1 1.3B, {layers} of 30 layers, 2550 + 512 tokens: a step", layers,
            "step", width=480, height=272, frames=17, steps=2),
        ltx("ltx-frame", "LTX-Video's autoencoder, 9 frames of 256x160: a frame", layers, "frame",
            width=256, height=160, frames=9, steps=1),
        wan("wan-frame", "Wan 2.1's autoencoder, 5 frames of 128x64: a frame", layers, "frame",
            width=128, height=64, frames=5, steps=1),
    ]


def component(work, folder, device="cpu"):
    """The half that is measured, ready to be called with `inputs`."""
    family = checkpoints.FAMILIES[work.pipeline]
    part, cls = (("transformer", family.transformer) if work.measures == "step"
                 else ("vae", family.vae))
    if device == "meta":
        with torch.device("meta"):
            text = {family.text_width: TEXT["d_model"]} if part == "transformer" else {}
            module = cls(**text, **(work.dit if part == "transformer" else work.vae))
    else:
        module = cls.from_pretrained(pathlib.Path(folder) / part, torch_dtype=torch.float32)
    return Step(work, module.eval()) if work.measures == "step" else Frames(module.eval())


class Step(torch.nn.Module):
    """One evaluation of a transformer."""

    def __init__(self, work, module):
        super().__init__()
        self.module = module
        self.grid = work.latent_shape()[2:]
        self.packed = work.pipeline == "LTXPipeline"

    def forward(self, x, timestep, text):
        if not self.packed:
            return self.module(x, timestep, text, return_dict=False)[0]
        frames, height, width = self.grid
        mask = torch.ones(text.shape[:2], device=text.device)
        return self.module(x, text, timestep, mask, frames, height, width, (8 / 25, 32, 32),
                           return_dict=False)[0]


class Frames(torch.nn.Module):
    """The decoding of latents."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, latents):
        return self.module.decode(latents, return_dict=False)[0]


def inputs(work, device="cpu"):
    generator = None if device == "meta" else torch.Generator().manual_seed(1)

    def noise(*shape):
        return torch.randn(shape, generator=generator, device=device)

    shape = work.latent_shape()
    if work.measures == "frame":
        return (noise(*shape),)
    x = noise(1, math.prod(shape[2:]), shape[1]) if work.pipeline == "LTXPipeline" else noise(*shape)
    return x, torch.full((1,), 500.0, device=device), noise(1, work.text, TEXT["d_model"])


def single_files(work, folder):
    """Transformer and autoencoder in files of their own under the names that the authors gave
    them, as stable-diffusion.cpp reads them. It knows Wan in the published widths alone, so the
    half that is not measured has these too."""
    import published
    from safetensors.torch import save_file

    family = checkpoints.FAMILIES[work.pipeline]
    layers = work.dit["num_layers"]
    halves = {
        "transformer": (family.transformer, checkpoints.wan_dit(16, 12, 128, layers, 8960),
                        published.original_wan_transformer),
        "vae": (family.vae, checkpoints.wan_vae(16, 96, num_res_blocks=2),
                lambda name: published.original_wan_vae(name, "2.1")),
    }
    paths = []
    for part, (cls, config, rename) in halves.items():
        paths.append(pathlib.Path(folder) / f"{part}.safetensors")
        if not paths[-1].exists():
            text = {family.text_width: TEXT["d_model"]} if part == "transformer" else {}
            tensors = {rename(name): tensor.to(torch.bfloat16).contiguous()
                       for name, tensor in cls(**text, **config).state_dict().items()}
            save_file(tensors, str(paths[-1].with_suffix(".partial")))
            paths[-1].with_suffix(".partial").rename(paths[-1])
    return paths


def operations(work):
    """Multiplications and additions of products and convolutions, counted without computing."""
    from torch.utils.flop_counter import FlopCounterMode

    module = component(work, None, "meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs(work, "meta"))
    return counter.get_total_flops() / (work.frames if work.measures == "frame" else 1)


def is_measured(engine, work):
    """PyTorch's dynamic quantisation is of linear layers alone; stable-diffusion.cpp has no
    LTX-Video."""
    if engine.startswith("sdcpp"):
        return work.pipeline == "WanPipeline"
    return work.measures == "step" or engine != "torch-int8"
