"""The latents: principal components of 32×32×8-pixel blocks, and the smaller bases below them.

A clip of 1 + 8·m frames becomes m + 1 latent frames. The first is the code of eight copies of
frame 0 (LTX's causal encoder repeats that frame in front, so one basis serves every block); each
further one is the code of eight new frames. The same block can be cut in eight (16×16×4), these
again (8×8×2), and again into 4×4×1 patches: their bases let LTX's own upsampling layers *be* the
inverse of this transform before any training (see codec.py).

    python -m models.train.transform --work DIR        # fits and writes DIR/basis.pt
"""

import numpy as np
import torch

from . import common

CHANNELS = 128                       # latent channels
BLOCK = (8, 32, 32)                  # frames, rows, columns of a latent cell
PIXELS = 8 * 32 * 32                 # codes are divided by sqrt(PIXELS): a code is O(1)
GAIN, COLOUR = 4.0, 0.3              # see statistics()


def leaves(n: int, rng: torch.Generator) -> torch.Tensor:
    """Blocks of moving gradients, soft discs, edges and waves: what any picture may hold.

    They keep the basis general, so that kinds of background added later fit into it as well.
    """
    def u(*shape, lo=0.0, hi=1.0):
        return lo + (hi - lo) * torch.rand(*shape, generator=rng)

    t, y, x = torch.meshgrid(*(torch.arange(s) - s / 2 + .5 for s in BLOCK), indexing="ij")
    t, y, x = t[None], y[None], x[None]

    def wide(v):
        return v.reshape(n, 1, 1, 1)

    def wave_arg():
        angle, speed = wide(u(n) * 6.2832), wide(torch.randn(n, generator=rng) * 2)
        return angle.cos() * x + angle.sin() * y - speed * t

    def mix(base, mask):
        colour = u(n, 3, 1, 1, 1, lo=-1) * .9
        return base + mask[:, None] * (colour - base)

    base = u(n, 3, 1, 1, 1, lo=-1)
    base = base + wave_arg()[:, None] * torch.randn(n, 3, 1, 1, 1, generator=rng) * .006
    for _ in range(2):                                             # edges, sharp to very soft
        soft = wide(.5 * 80 ** u(n))
        on = wide((u(n) < .5).float())
        base = mix(base, on * torch.sigmoid((wave_arg() - wide(u(n, lo=-24, hi=24))) / soft))
    for _ in range(2):                                             # discs
        cx, cy = wide(u(n, lo=-24, hi=24)), wide(u(n, lo=-24, hi=24))
        vx, vy = (wide(torch.randn(n, generator=rng) * 1.5) for _ in range(2))
        radius, soft = wide(2 * 16 ** u(n)), wide(.5 * 16 ** u(n))
        dist = ((x - cx - vx * t) ** 2 + (y - cy - vy * t) ** 2).sqrt()
        base = mix(base, wide((u(n) < .5).float()) * torch.sigmoid((radius - dist) / soft))
    for _ in range(4):                                             # 1/f waves
        length = wide(8 * 16 ** u(n))
        amp = wide((u(n) < .3).float() * u(n)) * length / 128 * .5
        base = base + (amp * torch.sin(wave_arg() * 6.2832 / length + wide(u(n) * 6.2832)))[:, None]
    return base.clamp(-1, 1)


def scene_blocks(per_kind: int, seed: int = 0, size=(512, 288)) -> torch.Tensor:
    """Blocks [n, 3, 8, 32, 32] in −1..1 from random windows of every kind of scene."""
    from models.scenes import KINDS
    from models.scenes.view import View
    out = []
    for kind in sorted(KINDS):
        rng = np.random.default_rng([seed, sum(map(ord, kind))])
        for _ in range(per_kind // 8):
            facts = KINDS[kind].facts(rng)
            x0, y0 = (32 * int(rng.integers(0, s // 32 - 3)) for s in size)
            times = rng.uniform(0, 10) + np.arange(8) / rng.choice([15, 24, 24, 24, 30, 60])
            view = View(*size, x0, y0, 128, 64)
            clip = KINDS[kind].draw(facts, int(rng.integers(1 << 30)), times, view)
            clip = torch.from_numpy(np.ascontiguousarray(clip)).permute(3, 0, 1, 2) * 2 - 1
            out.append(blocks(clip).reshape(-1, 3, *BLOCK))
    return torch.cat(out)


def blocks(clip: torch.Tensor) -> torch.Tensor:
    """[3, 8m, H, W] → [m, H/32, W/32, 3, 8, 32, 32]."""
    c, t, h, w = clip.shape
    x = clip.reshape(c, t // 8, 8, h // 32, 32, w // 32, 32)
    return x.permute(1, 3, 5, 0, 2, 4, 6)


def unblocks(x: torch.Tensor) -> torch.Tensor:
    m, h, w = x.shape[:3]
    return x.permute(3, 0, 4, 1, 5, 2, 6).reshape(3, m * 8, h * 32, w * 32)


def encode(clip: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Codes [128, m, h, w] of the blocks of a clip [3, 8m, H, W] in −1..1."""
    x = blocks(clip)
    z = x.flatten(3) @ basis.flatten(1).T / PIXELS ** .5
    return z.permute(3, 0, 1, 2)


def encode_frame(frame: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Codes [128, 1, h, w] of eight copies of one frame [3, H, W]."""
    c, h, w = frame.shape
    x = frame.reshape(c, h // 32, 32, w // 32, 32).permute(1, 3, 0, 2, 4)
    z = x.flatten(2) @ basis.sum(2).flatten(1).T / PIXELS ** .5
    return z.permute(2, 0, 1)[:, None]


def encode_clip(clip: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Codes of a clip [3, 1 + 8m, H, W] as the pipeline lays them out: [128, 1 + m, h, w]."""
    return torch.cat([encode_frame(clip[:, 0], basis), encode(clip[:, 1:], basis)], 1)


def decode(z: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """The linear inverse of encode_clip: pixels [3, 1 + 8m, H, W]."""
    x = z.permute(1, 2, 3, 0) @ basis.flatten(1) * PIXELS ** .5
    return unblocks(x.unflatten(-1, (3, *BLOCK)))[:, 7:]


def components(x: torch.Tensor, count: int) -> torch.Tensor:
    """The first principal directions (about zero) of rows of x."""
    flat = x.flatten(1)
    if flat.shape[1] > 4000:
        _, _, v = torch.svd_lowrank(flat, q=count + 32, niter=3)
        return v[:, :count].T.reshape(count, *x.shape[1:]).contiguous()
    _, vec = torch.linalg.eigh(flat.T @ flat / len(flat))
    return vec.flip(1)[:, :count].T.reshape(count, *x.shape[1:]).contiguous()


def halves(x: torch.Tensor) -> torch.Tensor:
    """Cut blocks [n, 3, t, h, w] into their eight sub-blocks: [n, 8, 3, t/2, h/2, w/2].

    The eight come in the order (time, row, column), as the upsampler's channels do.
    """
    n, c, t, h, w = x.shape
    x = x.reshape(n, c, 2, t // 2, 2, h // 2, 2, w // 2).permute(0, 2, 4, 6, 1, 3, 5, 7)
    return x.flatten(1, 3)


def fit(x: torch.Tensor, widths=(127, 63, 48)) -> dict:
    """All bases from sample blocks x: the latent one, and those of ever smaller parts."""
    # Bright, busy kinds would own the basis: weigh each block by its own contrast.
    energy = x.flatten(1).pow(2).mean(1).sqrt().clamp_min(.05)
    weighted = x / energy.sqrt()[:, None, None, None, None]
    top = components(weighted, CHANNELS)
    seen = (weighted.flatten(1) @ top.flatten(1).T @ top.flatten(1)).reshape(x.shape)
    parts, bases, full = seen, [], weighted
    encoder = []
    for width in widths:
        pick = torch.randperm(len(parts))[:40000 // 8]
        parts, full = (halves(p[pick]).flatten(0, 1) for p in (parts, full))
        bases.append(components(parts, width))
        encoder.append(components(full, width))
    return {"top": top, "sub": bases, "encoder": encoder}


def statistics(x: torch.Tensor, top: torch.Tensor) -> dict:
    """Mean and deviation of each code, and the VAE's latents_std that follows from them.

    LTXConditionPipeline spends half of its few steps above sigma 0.97. Latents wider than the
    noise (GAIN) make those steps count: at the same sigma more of the picture shows. Broad shapes
    (large deviation) get more of it than detail, so the picture grows from coarse to fine, and a
    plain loss on the velocity weighs channels by deviation^(2·COLOUR).
    """
    z = x.flatten(1) @ top.flatten(1).T / PIXELS ** .5
    deviation = z.std(0)
    relative = deviation / deviation.log().mean().exp()
    return {"mean": z.mean(0), "deviation": deviation,
            "latents_std": deviation / (GAIN * relative ** COLOUR)}


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """In dB for pixels in −1..1."""
    return float(10 * torch.log10(4 / (a - b).pow(2).mean().clamp_min(1e-12)))


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--per-kind", type=int, default=800)
    p.add_argument("--leaves", type=int, default=6000)
    args = p.parse_args()
    common.start(args)
    torch.manual_seed(0)
    general = leaves(args.leaves, torch.Generator().manual_seed(1))
    scenes = scene_blocks(args.per_kind)
    still = scenes[torch.randperm(len(scenes))[:len(scenes) // 6]]
    still = still[:, :, :1].expand(-1, -1, 8, -1, -1)              # blocks of a first frame
    mirrored = torch.cat([scenes, still])
    flip = torch.rand(len(mirrored)) < .5
    mirrored[flip] = mirrored[flip].flip(-1)
    print(f"{len(scenes)} blocks of scenes, {len(general)} general ones", flush=True)
    samples = torch.cat([mirrored, general])
    bases = fit(samples)
    bases |= statistics(torch.cat([scenes, still]), bases["top"])
    bases["samples"] = samples[torch.randperm(len(samples))[:2000]].half()
    common.save(bases, args.work / "basis.pt")
    top = bases["top"].flatten(1)
    for name, x in (("general", general), ("scenes", scene_blocks(160, seed=9))):
        back = (x.flatten(1) @ top.T @ top).reshape(x.shape)
        print(f"{name}: {psnr(back, x):.1f} dB with {CHANNELS} components", flush=True)


if __name__ == "__main__":
    main()
