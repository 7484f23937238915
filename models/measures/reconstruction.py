"""How well the autoencoder gives back drawn clips that it has never seen (through diffusers)."""

import time

import numpy as np

from . import drawn, edges
from .bench import Bench, Row, mean


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Of values in [0, 1], in dB."""
    return float(-10 * np.log10(max(float(np.mean((a - b) ** 2)), 1e-10)))


def through(vae, clip: np.ndarray) -> np.ndarray:
    """RGB [n, h, w, 3] in [0, 1] -> what the autoencoder makes of it."""
    import torch

    x = torch.from_numpy(np.ascontiguousarray(clip)).permute(3, 0, 1, 2)[None] * 2 - 1
    with torch.no_grad():
        y = vae.decode(vae.encode(x).latent_dist.mode()).sample
    return (y[0].permute(1, 2, 3, 0).clamp(-1, 1) / 2 + .5).numpy()


def luma(clip: np.ndarray) -> np.ndarray:
    """In steps of 255, as of 8-bit pictures."""
    return clip @ np.float32([.2126, .7152, .0722]) * 255


def one(vae, kind: str, seed: int) -> dict:
    rng = drawn.random("codec", kind, seed)
    facts = drawn.KINDS[kind].facts(rng)
    clip = drawn.frames_of(facts, rng).astype(np.float32).clip(0, 1)
    again = through(vae, clip)
    across = [np.abs(np.diff(luma(again), axis=axis)) for axis in (2, 1)]
    return {"psnr": psnr(again, clip), "columns": across[0].mean((0, 1)).tolist(),
            "rows": across[1].mean((0, 2)).tolist()}


def rows(bench: Bench) -> list:
    import torch
    from diffusers import AutoencoderKLLTXVideo

    vae = AutoencoderKLLTXVideo.from_pretrained(bench.command.model / "vae",
                                                torch_dtype=torch.float32).eval()
    means, every, began = {}, [], time.time()
    for index, kind in enumerate(bench.kinds, 1):
        found = [bench.remember(f"codec-{kind}-{seed}", lambda: one(vae, kind, seed))
                 for seed in bench.seeds]
        means[kind] = mean(f["psnr"] for f in found)
        every += found
        bench.note(kind, "codec dB", f"{means[kind]:.1f}")
        spent = time.time() - began
        print(f"{time.strftime('%H:%M:%S')} codec: {kind} {means[kind]:.1f} dB, {index} of "
              f"{len(bench.kinds)} kinds, {spent / index * (len(bench.kinds) - index) / 60:.0f} "
              "min left", flush=True)
    overall = mean(f["psnr"] for f in every)
    lowest = min(means, key=means.get)
    edge, where = edges.worst(*(np.sum([f[key] for f in every], 0) for key in ("columns", "rows")))
    return [
        Row("codec: mean of the clips' PSNR", f"{overall:.1f} dB", "35 dB", overall >= 35),
        Row("codec: kind with the lowest mean", f"{lowest} {means[lowest]:.1f} dB", "28 dB",
            means[lowest] >= 28),
        Row(f"codec: block edges, worst ratio ({where})", f"{edge:.3f}", "1.05",
            edge <= edges.WANTED),
    ]
