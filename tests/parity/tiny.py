# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random tiny autoencoders (TAEHV) as they are published, and the reference's pipeline with one.

Their layers are numbered; a ReLU stands behind each convolution that is no memory's last but those in
front of a memory and the last of all. A pipeline wants pictures in [-1, 1] and undoes a normalisation
that these latents never had, so here means are 0 and deviations 1.
"""

import types

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from safetensors.torch import load_file, save_file
from torch.nn import functional

MEMORIES = {"encoder": (4, 9, 14), "decoder": (3, 9, 15)}  # the first of three each
POOLS, GROWTHS = (2, 7, 12), (7, 13, 19)


def tiny(widths=(20, 16, 12, 8), encoder=12, times=(1, 2, 2), pools=(2, 2, 1), patch=1,
         storage=torch.float32):
    """Channels of the decoder's levels and behind them, of the encoder (0: none), frames."""
    return dict(widths=widths, encoder=encoder, times=times, pools=pools, patch=patch,
                storage=storage)


def shapes(spec, channels):
    """{name: shape} of all tensors."""
    widths, of = spec["widths"], {}
    colours = 3 * spec["patch"] ** 2

    def conv(name, wide, narrow, bias=True, size=3):
        of[f"{name}.weight"] = (wide, narrow, size, size)
        if bias:
            of[f"{name}.bias"] = (wide,)

    def memories(side, level, width):
        for number in range(3):
            for layer in (0, 2, 4):
                conv(f"{side}.{MEMORIES[side][level] + number}.conv.{layer}", width,
                     width if layer else 2 * width)

    conv("decoder.1", widths[0], channels)
    for level in range(3):
        memories("decoder", level, widths[level])
        conv(f"decoder.{GROWTHS[level]}.conv", widths[level] * spec["times"][level], widths[level],
             False, 1)
        conv(f"decoder.{GROWTHS[level] + 1}", widths[level + 1], widths[level], False)
    conv("decoder.22", colours, widths[3])
    width = spec["encoder"]
    if width:
        conv("encoder.0", width, colours)
        for level in range(3):
            conv(f"encoder.{POOLS[level]}.conv", width, width * spec["pools"][level], False, 1)
            conv(f"encoder.{POOLS[level] + 1}", width, width, False)
            memories("encoder", level, width)
        conv("encoder.17", channels, width)
    return of


def write(spec, channels, path, seed):
    """A random one; activations stay near one, and most of what it draws between 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes(spec, channels).items():
        fan_in = 1
        for size in shape[1:]:
            fan_in *= size
        gain = 0.12 if name.startswith("decoder.22") else 0.4 if ".conv.4." in name else 1.4
        deviation = gain / fan_in ** 0.5 if len(shape) > 1 else 0.1
        tensors[name] = torch.randn(shape, generator=generator) * deviation
    tensors["decoder.22.bias"] += 0.5
    save_file({name: tensor.to(spec["storage"]) for name, tensor in tensors.items()}, str(path))


class Tiny(torch.nn.Module):
    """The file at `path` in place of a pipeline's autoencoder `replaced`."""

    def __init__(self, path, replaced):
        super().__init__()
        self.tensors = {name: tensor.float() for name, tensor in load_file(str(path)).items()}
        channels = self.tensors["decoder.1.weight"].shape[1]
        self.patch = round((len(self.tensors["decoder.22.bias"]) / 3) ** 0.5)
        self.ratio = 1
        for number in GROWTHS:
            wide, narrow = self.tensors[f"decoder.{number}.conv.weight"].shape[:2]
            self.ratio *= wide // narrow
        self.register_buffer("latents_mean", torch.zeros(channels))
        self.register_buffer("latents_std", torch.ones(channels))
        self.spatial_compression_ratio = 8 * self.patch
        self.temporal_compression_ratio = self.ratio
        self.config = types.SimpleNamespace(**{
            **replaced.config, "latents_mean": [0.0] * channels, "latents_std": [1.0] * channels,
            "scaling_factor": 1.0, "timestep_conditioning": False})
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def conv(self, name, x, stride=1):
        weight = self.tensors[f"{name}.weight"]
        return functional.conv2d(x, weight, self.tensors.get(f"{name}.bias"), stride,
                                 padding=weight.shape[-1] // 2)

    def memories(self, side, level, x):
        """x: [frames, channels, height, width]; each frame sees the one before, the first zeros."""
        for number in range(MEMORIES[side][level], MEMORIES[side][level] + 3):
            before = torch.cat([torch.zeros_like(x[:1]), x[:-1]])
            y = torch.cat([x, before], 1)
            for layer in (0, 2, 4):
                y = self.conv(f"{side}.{number}.conv.{layer}", y)
                y = functional.relu(y + x if layer == 4 else y)
            x = y
        return x

    def decode(self, latents, timestep=None, return_dict=False):
        """[1, channels, frames, height, width] to pictures in [-1, 1]."""
        x = torch.tanh(latents[0].transpose(0, 1).float() / 3) * 3
        x = functional.relu(self.conv("decoder.1", x))
        for level in range(3):
            x = self.memories("decoder", level, x)
            x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
            wide = self.conv(f"decoder.{GROWTHS[level]}.conv", x)
            x = self.conv(f"decoder.{GROWTHS[level] + 1}", wide.reshape(-1, *x.shape[1:]))
        x = functional.pixel_shuffle(self.conv("decoder.22", functional.relu(x)), self.patch)
        return ((2 * x.clamp(0, 1) - 1)[self.ratio - 1:].transpose(0, 1)[None],)

    def encode(self, pictures):
        """[1, 3, frames, height, width] in [-1, 1] to latents that nothing is drawn of."""
        x = functional.pixel_unshuffle(pictures[0].transpose(0, 1).float() * 0.5 + 0.5, self.patch)
        x = torch.cat([x, x[-1:].expand(-len(x) % self.ratio, -1, -1, -1)])
        x = functional.relu(self.conv("encoder.0", x))
        for level in range(3):
            name = f"encoder.{POOLS[level]}.conv"
            times = self.tensors[f"{name}.weight"].shape[1] // x.shape[1]
            x = self.conv(name, x.reshape(len(x) // times, -1, *x.shape[2:]))
            x = self.memories("encoder", level, self.conv(f"encoder.{POOLS[level] + 1}", x, 2))
        mean = self.conv("encoder.17", x).transpose(0, 1)[None]
        parameters = torch.cat([mean, torch.full_like(mean, -1e9)], 1)
        return types.SimpleNamespace(latent_dist=DiagonalGaussianDistribution(parameters))


def replace(pipeline, spec, path, seed):
    """Writes one that fits the pipeline, which has it from now on."""
    config = pipeline.vae.config
    write(spec, config.get("z_dim") or config["latent_channels"], path, seed)
    pipeline.vae = Tiny(path, pipeline.vae)


MODELS = {
    "tiny-wan": ("wan", tiny()),
    "tiny-ti2v": ("wan22-ti2v", tiny((24, 16, 16, 8), 8, patch=2, storage=torch.float16)),
    "tiny-i2v": ("wan-i2v", tiny((16, 16, 12, 12), 16)),
    "tiny-ltx": ("v095", tiny((32, 24, 16, 16), 16, (2, 2, 2), (2, 2, 2), 4)),
    "tiny-condition": ("causal", tiny((16, 12, 12, 8), 0, (2, 2, 2), patch=4,
                                      storage=torch.bfloat16)),
}
