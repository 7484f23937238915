# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the golden files: golden.py [DIR [NAME …]]. They are committed; this is how they were made.

For each name: a checkpoint folder NAME/, the noise NAME.noise.safetensors, the pictures
NAME.OPTION.png, the LoRA file NAME.lora.safetensors, the tiny autoencoder NAME.vae.safetensors, the
reference's tensors NAME.reference.safetensors and the command's options NAME.options, one word a
line. To keep them small the checkpoints share one tokenizer model and of the video every third row
and column is kept, which meets every phase of the decoder's patches.
"""

import pathlib
import shutil
import sys

import torch
from safetensors.torch import save_file

import checkpoints
import loras
import pictures
import reference
import tiny
from checkpoints import (
    DYNAMIC_SHIFT,
    NO_SHIFT,
    UNIPC,
    dit,
    model,
    t5,
    vae_090,
    vae_095,
    vision,
    wan_dit,
    wan_vae,
)
from reference import Request

STRIDE = 3

# The encoder is not what is tested here: as narrow as it can be.
TINY_ENCODER = dict(
    block_out_channels=(4, 4, 4, 4), down_block_types=("LTXVideoDownBlock3D",) * 4,
    downsample_type=("conv",) * 4, spatio_temporal_scaling=(True, True, True, False))

GOLDEN = {
    # first class, dynamic shift, decoder looks ahead; F16 in shards
    "first": (
        model("LTXPipeline", t5(16, 6, 4, 2, 24), dit(6, 2, 11, 2),
              vae_090(6, (4, 8, 8, 8), (1, 1, 1, 1, 1), scaling_factor=1.25) | TINY_ENCODER,
              DYNAMIC_SHIFT, ("F16", "F16", "F16"), "40KB"),
        Request("blue waves 在日落时分…", "模糊的 low quality", width=64, height=64, frames=17,
                rate="30000/1001", steps=4, guidance=3.0)),
    # condition class, decoder with timestep that looks ahead; BF16
    "condition": (
        model("LTXConditionPipeline", t5(16, 8, 3, 1, 32), dit(5, 3, 10, 2),
              vae_095(5, (4, 4, 8), (1, 1, 1, 1), upsample_factor=(1, 1, 2),
                      upsample_residual=(False, False, True)) | TINY_ENCODER,
              NO_SHIFT, ("BF16", "BF16", "BF16")),
        Request("Ｒｅｄ fire burning 火焰 🔥", "", width=96, height=64, frames=9, rate="25", steps=3,
                guidance=2.5, decode_timestep=0.05, decode_noise_scale=0.025)),
    # the embedded model's kind: causal decoder, no guidance; text encoder in F32
    "causal": (
        model("LTXConditionPipeline", t5(16, 8, 3, 2, 24), dit(8, 2, 14, 2),
              vae_095(8, (8, 8, 16), (1, 1, 1, 1), upsample_factor=(1, 1, 2), decoder_causal=True,
                      timestep_conditioning=False) | TINY_ENCODER,
              NO_SHIFT, ("F32", "F16", "F16")),
        Request("golden particles float over a quiet village", width=64, height=64, frames=9,
                rate="24", steps=6)),
    # Wan 2.1
    "wan": (
        model("WanPipeline", t5(16, 8, 3, 2, 24), wan_dit(4, 2, 14, 2, 40),
              wan_vae(4, 1, decoder_base_dim=4), UNIPC, ("F32", "BF16", "F16")),
        Request("红色的火焰 &amp;amp; blue waves", "low quality", width=64, height=64, frames=9,
                steps=4, guidance=5.0)),
    # Wan 2.2 TI2V; the encoder is tested too
    "wan-ti2v": (
        model("WanPipeline", t5(16, 8, 2, 1, 16), wan_dit(4, 2, 10, 2, 24),
              wan_vae(4, 4, (1, 1, 2, 1), is_residual=True, in_channels=12, out_channels=12,
                      patch_size=2, scale_factor_spatial=16),
              UNIPC, ("F16", "F16", "F16"), index=dict(expand_timesteps=True)),
        Request("snow", width=64, height=64, frames=5, steps=2)),
    # Wan 2.1's image to video, with a vision encoder
    "wan-i2v": (
        model("WanImageToVideoPipeline", t5(16, 8, 2, 1, 16),
              wan_dit(4, 2, 10, 2, 24, image_dim=8, added_kv_proj_dim=20) | dict(in_channels=12),
              wan_vae(4, 4, (1, 1, 1, 1)), UNIPC, ("F16", "F16", "F16"),
              vision=vision(8, 12, 2, 2, 16, 8, hidden_act="gelu")),
        Request("a ship", width=64, height=64, image=(64, 64), frames=9, steps=2, guidance=3.0)),
}

# Image to video, with checkpoints of these.
PICTURES = {
    "first-picture": ("first", Request("a ship", width=64, height=64, image=(48, 40), frames=9,
                                       steps=3)),
    "two-pictures": ("causal", Request("a ship", width=64, height=64, image=(64, 64),
                                       last_image=(50, 70), frames=9, rate="24", steps=4)),
    "wan-picture": ("wan-ti2v", Request("a ship", "rain", width=64, height=64, image=(64, 64),
                                        frames=9, steps=3, guidance=4.0)),
}

# With the first-block cache.
CACHES = {
    "wan-cache": ("wan", Request("red fire", "snow", width=64, height=64, frames=5, steps=12,
                                 guidance=4.0, cache=0.9)),
}

# With a LoRA file, NAME.lora.safetensors.
LORAS = {
    "wan-lora": ("wan", Request("red fire", width=64, height=64, frames=5, steps=3,
                                loras=(("original", 0.75),))),
}

# With a tiny autoencoder, NAME.vae.safetensors.
TINY = {
    "tiny-picture": ("wan-ti2v", Request("a ship", width=96, height=64, image=(64, 64), frames=13,
                                         steps=2),
                     tiny.tiny((8, 8, 6, 6), 6, patch=2, storage=torch.float16)),
}
MORE = PICTURES | LORAS | CACHES | TINY


def options_of(request):
    """The command's options, one word a line."""
    words = ["--prompt", request.prompt, "--width", request.width, "--height", request.height,
             "--frames", request.frames, "--rate", request.rate, "--steps", request.steps,
             "--guidance", request.guidance]
    for option in ("negative", "decode_timestep", "decode_noise_scale"):
        value = getattr(request, option)
        if value is not None:
            words += ["--" + option.replace("_", "-"), value]
    if request.cache is not None:
        words += ["--cache", "first-block", "--cache-threshold", request.cache]
    return "".join(f"{word}\n" for word in words)


def share_tokenizer(folder, shared):
    """Replaces the folder's own tokenizer model by a link to the one that all have."""
    own = folder / "tokenizer" / "spiece.model"
    if not shared.exists():
        shutil.copy(own, shared)
    assert own.read_bytes() == shared.read_bytes()
    own.unlink()
    own.symlink_to("../../spiece.model")


def write_case(root, name, folder, request, seed, vae=None):
    """What belongs to a name beside its checkpoint."""
    pipeline = reference.load(folder)
    if vae:
        tiny.replace(pipeline, vae, root / f"{name}.vae.safetensors", seed)
    noise = reference.draw_noise(pipeline, request, seed)
    paths = pictures.write(pipeline, request, root, name, seed)
    lora = loras.write(pipeline, request, root, name, seed)
    with loras.loaded(pipeline, request, lora):
        tensors = reference.run(pipeline, request, noise, paths)
    video = tensors.pop("video")[:, :, ::STRIDE, ::STRIDE]
    tensors["video_every_third"] = video.contiguous()
    save_file(noise, str(root / f"{name}.noise.safetensors"))
    save_file(tensors, str(root / f"{name}.reference.safetensors"))
    for path in root.glob(f"{name}.lora-0.safetensors"):
        path.rename(root / f"{name}.lora.safetensors")
    (root / f"{name}.options").write_text(options_of(request), encoding="utf-8")


def write_checkpoint(root, name):
    spec, request = GOLDEN[name]
    seed = list(GOLDEN).index(name)
    shutil.rmtree(root / name, ignore_errors=True)
    folder = checkpoints.build(root / name, spec, seed)
    share_tokenizer(folder, root / "spiece.model")
    write_case(root, name, folder, request, seed)


def write_more(root, name):
    """A case of a checkpoint that is there already."""
    checkpoint, request, *vae = MORE[name]
    (root / name).unlink(missing_ok=True)
    (root / name).symlink_to(checkpoint)
    write_case(root, name, root / checkpoint, request, list(MORE).index(name), *vae)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent
                        / "golden")
    root.mkdir(exist_ok=True)
    names = sys.argv[2:]
    for name in GOLDEN:
        if not names or name in names:
            write_checkpoint(root, name)
    for name in MORE:
        if not names or name in names:
            write_more(root, name)


if __name__ == "__main__":
    main()
