"""The latents: principal components of lapped 32×32×8-pixel blocks, and the bases that undo them.

A clip of 1 + 8·m frames becomes m + 1 latent frames. The first is the code of eight copies of
frame 0 (LTX's causal encoder repeats that frame in front, so one basis serves every block); each
further one is the code of eight new frames.

Before the picture is cut into blocks, `lap` mixes the 16 pixels on either side of every border
between them; undoing that makes each code a smooth bump 64 pixels wide. Codes that do not agree
with their neighbours, as a sampler leaves them, then blend instead of showing a grid.

For the way back, blocks of pixels can be cut in eight (16×16×4), these again (8×8×2), and again
into 4×4×1 patches: their bases let LTX's own upsampling layers *be* the inverse of this transform
before any training (see codec.py).

    python -m models.train.transform --work DIR        # fits and writes DIR/basis.pt
"""

import functools
import multiprocessing

import numpy as np
import torch

from . import common

CHANNELS = 128                       # latent channels
HALF = 96                            # codes that the decoder makes of them, for half as many frames
SPREAD = 255                         # components of a block from which the encoder makes codes
SIDE = 4.0                           # see side_weight
BLOCK = (8, 32, 32)                  # frames, rows, columns of a latent cell
PIXELS = 8 * 32 * 32                 # codes are divided by sqrt(PIXELS): a code is O(1)
GAIN, COLOUR = 4.0, 0.3              # see statistics()


@functools.cache
def border_filters() -> tuple:
    """Matrices for the 32 pixels around a border of blocks, and for 16 at the picture's own edge.

    A lapped transform as filters before and after the blocks (Tran, Liang and Tu, "Lapped transform
    via time-domain pre- and post-filtering", 2003): the even part of the two sides stays, so that
    flat areas keep their codes, the odd part is turned. Its first component shrinks on the way
    back: then a flat block becomes a Hann window, and every code's bump ends at zero.

    These are the filters of the way back. Where the picture ends, the decoder's convolutions find
    nothing on the other side: what one side gives must do there.
    """
    n = BLOCK[2] // 2
    k, x = torch.arange(n)[:, None].double(), torch.arange(n)[None].double()
    dct2 = (2 / n) ** .5 * torch.cos(torch.pi * k * (2 * x + 1) / (2 * n))
    dct2[0] /= 2 ** .5
    dct4 = (2 / n) ** .5 * torch.cos(torch.pi * (2 * k + 1) * (2 * x + 1) / (4 * n))
    dct4[0] /= 2 ** .5
    turn = (dct4.T @ dct2).flip(0, 1)
    one = torch.eye(n).double()
    butterfly = torch.cat([torch.cat([one, one.flip(0)], 1), torch.cat([one.flip(0), -one], 1)])
    inner = butterfly @ torch.block_diag(one, turn) @ butterfly / 2
    return inner, (one + turn) / 2


def lap_axis(x: torch.Tensor, axis: int, inverse: bool, transposed=False) -> torch.Tensor:
    inner, edge = (m if inverse else torch.linalg.inv(m) for m in border_filters())
    if transposed:
        inner, edge = inner.T, edge.T
    x = x.movedim(axis, -1)
    half = BLOCK[2] // 2
    middle = x[..., half:-half].unflatten(-1, (-1, 2 * half)) @ inner.T.to(x)
    first = x[..., :half] @ edge.T.to(x)
    last = x[..., -half:] @ edge.flip(0, 1).T.to(x)
    return torch.cat([first, middle.flatten(-2), last], -1).movedim(-1, axis)


def lap(x: torch.Tensor) -> torch.Tensor:
    """Mix rows, then columns, across the borders of blocks: [..., H, W]."""
    return lap_axis(lap_axis(x, -2, False), -1, False)


def unlap(x: torch.Tensor) -> torch.Tensor:
    return lap_axis(lap_axis(x, -1, True), -2, True)


def leaves(n: int, rng: torch.Generator, cells=3) -> torch.Tensor:
    """Clips [n, 3, 8, 96, 96] of moving gradients, soft discs, edges and waves.

    They stand for what any picture may hold, and keep the basis general, so that kinds of
    background added later fit into it as well.
    """
    def u(*shape, lo=0.0, hi=1.0):
        return lo + (hi - lo) * torch.rand(*shape, generator=rng)

    size = (BLOCK[0], cells * BLOCK[1], cells * BLOCK[2])
    t, y, x = torch.meshgrid(*(torch.arange(s) - s / 2 + .5 for s in size), indexing="ij")
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


def scene_windows(kind: str, count: int, seed: int, size=(512, 288)) -> torch.Tensor:
    """Windows [count, 3, 8, 96, 160] in −1..1 of a kind of scene."""
    from models.scenes import KINDS
    from models.scenes.view import View
    torch.set_num_threads(1)
    rng, out = np.random.default_rng([seed, sum(map(ord, kind))]), []
    for number in range(count):
        facts = KINDS[kind].facts(rng)
        x0, y0 = (32 * int(rng.integers(0, s // 32 - n + 1)) for s, n in zip(size, (5, 3)))
        times = rng.uniform(0, 10) + np.arange(8) / rng.choice([15, 24, 24, 24, 30, 60])
        clip = KINDS[kind].draw(facts, int(rng.integers(1 << 30)), times,
                                View(*size, x0, y0, 160, 96))
        clip = torch.from_numpy(np.ascontiguousarray(clip)).permute(3, 0, 1, 2) * 2 - 1
        if number % 6 == 0:
            clip = clip[:, :1].expand(-1, 8, -1, -1)               # as a video's first frame
        out.append(clip.flip(-1) if rng.random() < .5 else clip)
    return torch.stack(out)


def blocks(clip: torch.Tensor, level=0) -> torch.Tensor:
    """[3, 8m, H, W] → [m, H/32, W/32, 3, 8, 32, 32]; a level further half as long, high and wide."""
    t, s = BLOCK[0] >> level, BLOCK[1] >> level
    x = clip.unflatten(1, (-1, t)).unflatten(3, (-1, s)).unflatten(5, (-1, s))
    return x.permute(1, 3, 5, 0, 2, 4, 6)


def unblocks(x: torch.Tensor) -> torch.Tensor:
    m, h, w = x.shape[:3]
    return x.permute(3, 0, 4, 1, 5, 2, 6).reshape(3, m * 8, h * 32, w * 32)


def project(clip: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Components [n, m, h, w] of the blocks of a clip [3, 8m, H, W]."""
    z = blocks(clip).flatten(3) @ basis.flatten(1).T / PIXELS ** .5
    return z.permute(3, 0, 1, 2)


def encode(clip: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Codes [128, m, h, w] of the blocks of a clip [3, 8m, H, W] in −1..1."""
    return project(lap(clip), basis)


def encode_frame(frame: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Codes [128, 1, h, w] of eight copies of one frame [3, H, W]."""
    c, h, w = frame.shape
    x = lap(frame).reshape(c, h // 32, 32, w // 32, 32).permute(1, 3, 0, 2, 4)
    z = x.flatten(2) @ basis.sum(2).flatten(1).T / PIXELS ** .5
    return z.permute(2, 0, 1)[:, None]


def encode_clip(clip: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """Codes of a clip [3, 1 + 8m, H, W] as the pipeline lays them out: [128, 1 + m, h, w]."""
    return torch.cat([encode_frame(clip[:, 0], basis), encode(clip[:, 1:], basis)], 1)


def decode_all(z: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """The inverse of encode: pixels [3, 8m, H, W]."""
    x = z.permute(1, 2, 3, 0) @ basis.flatten(1) * PIXELS ** .5
    return unlap(unblocks(x.unflatten(-1, (3, *BLOCK))))


def decode(z: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """The inverse of encode_clip: pixels [3, 1 + 8m, H, W]."""
    return decode_all(z, basis)[:, 7:]


def reach(basis: torch.Tensor, show, seen: torch.Tensor) -> torch.Tensor:
    """What one component of a cell adds to its own and the eight cells around it.

    [3, 3, seen, basis], [0, 0] above and to the left: `show` makes a clip of blocks of the one
    basis, or of what lies behind them; the other basis looks at what comes of it. If that is one
    of blocks cut in eight: [3, 3, 8, seen, basis].
    """
    out = []
    for one in basis:
        clip = torch.zeros(3, BLOCK[0], 3 * BLOCK[1], 3 * BLOCK[2])
        clip[:, :, BLOCK[1]:2 * BLOCK[1], BLOCK[2]:2 * BLOCK[2]] = one
        shown = blocks(show(clip))[0]
        if seen.shape[1:] != shown.shape[2:]:
            shown = halves(shown.flatten(0, 1)).unflatten(0, (3, 3)) * 8 ** .5
        out.append(shown.flatten(-4) @ seen.flatten(1).T)
    return torch.stack(out, -1)


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


def pick_cells(x: torch.Tensor) -> torch.Tensor:
    """Blocks of windows [n, 3, 8, H, W]: the inner ones, and one above or below them."""
    out = []
    for number, clip in enumerate(x):
        b = blocks(clip)[0]
        out += [b[1:-1, 1:-1].flatten(0, 1), b[-(number % 2), 1:2]]
    return torch.cat(out)


def contrast_weight(x: torch.Tensor) -> torch.Tensor:
    """Bright, busy kinds would own a basis: each block is weighed by its own contrast."""
    return x.flatten(1).pow(2).mean(1).clamp_min(.05 ** 2).pow(-.25)[:, None, None, None, None]


def time_halves(x: torch.Tensor) -> torch.Tensor:
    """Cut blocks [..., 3, 8, h, w] into their first and last frames: [..., 2, 3, 4, h, w]."""
    return x.unflatten(-3, (2, -1)).movedim(-4, -5)


def half_codes(clip: torch.Tensor, half: torch.Tensor) -> torch.Tensor:
    """Codes [2·96, m, h, w] of the halves of the blocks of a clip [3, 8m, H, W]."""
    z = time_halves(blocks(lap(clip))).flatten(4) @ half.flatten(1).T / (PIXELS / 2) ** .5
    return z.flatten(3).permute(3, 0, 1, 2)


def fit_codes(scenes: list, general: list) -> dict:
    """The latents' basis, and how wide each code spreads, from lists of windows.

    And one of lapped half blocks, that holds what the codes can show of them.
    """
    x = torch.cat([pick_cells(lap(w)) for w in [*scenes, *general]])
    x *= contrast_weight(x)
    top = components(x, CHANNELS)
    shown = (x.flatten(1) @ top.flatten(1).T @ top.flatten(1)).view_as(x)
    half = components(time_halves(shown).flatten(0, 1), HALF)
    whole, halved = (torch.cat([f(c, b).flatten(1).T for w in scenes for c in w])
                     for f, b in ((encode, top), (half_codes, half)))
    return {"top": top, "half": half, "half_deviation": halved.std(0)} | statistics(whole)


def side_weight(t: int, s: int) -> torch.Tensor:
    """Of the pixels of blocks [3, t, s, s]: what a basis leaves out shows where blocks meet."""
    d = torch.arange(s)
    w = 1 + (SIDE - 1) * torch.exp(-torch.minimum(d, s - 1 - d).float())
    w = torch.maximum(w[:, None], w)
    return (w / w.mean()).expand(3, t, s, s)


def part_bases(x: torch.Tensor, count: int) -> tuple:
    """Of blocks [n, 3, t, s, s]: components (count of them), and what reads their amounts.

    The inner products of the one with the other are those of an orthonormal basis.
    """
    weight = side_weight(*x.shape[2:4])
    basis = components(x * weight, count)
    return basis / weight, basis * weight


def fit_inverse(bases: dict, windows: list, noise=.5, widths=(191, 95, 48),
                encoder_widths=(127, 63, 48)) -> dict:
    """The bases of pixel blocks and their parts that hold whatever the codes can show.

    Half of the codes get some noise, since a sampler's codes do not agree as an encoder's do.
    """
    top, spread = bases["top"], (noise * bases["latents_std"] * GAIN).view(-1, 1, 1, 1)
    pixels, shown = [], []
    for w in windows:
        amount = torch.rand(len(w)) * (torch.arange(len(w)) % 2)
        codes = [encode(c, top) for c in w]
        codes = [z + a * spread * torch.randn_like(z) for z, a in zip(codes, amount)]
        pixels.append(pick_cells(w))
        shown.append(pick_cells(torch.stack([decode_all(z, top) for z in codes])))
    pixels, shown = torch.cat(pixels), torch.cat(shown)
    weight = contrast_weight(pixels)
    parts, full = shown * weight, pixels * weight
    wide = components(parts, SPREAD)
    samples = shown[torch.randperm(len(shown))[:2000]].half()
    small, encoder = [], []
    for width, encoder_width in zip(widths, encoder_widths):
        pick = torch.randperm(len(parts))[:40000 // 8]
        parts, full = (halves(p[pick]).flatten(0, 1) for p in (parts, full))
        small.append(part_bases(parts, width))
        encoder.append(components(full, encoder_width))
    return {"spread": wide, "sub": small, "encoder": encoder, "samples": samples,
            "see": reach(wide, lap, top)}


def statistics(z: torch.Tensor) -> dict:
    """Mean and deviation of each code, and the VAE's latents_std that follows from them.

    LTXConditionPipeline spends half of its few steps above sigma 0.97. Latents wider than the
    noise (GAIN) make those steps count: at the same sigma more of the picture shows. Broad shapes
    (large deviation) get more of it than detail, so the picture grows from coarse to fine, and a
    plain loss on the velocity weighs channels by deviation^(2·COLOUR).
    """
    deviation = z.std(0)
    relative = deviation / deviation.log().mean().exp()
    return {"mean": z.mean(0), "deviation": deviation,
            "latents_std": deviation / (GAIN * relative ** COLOUR)}


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """In dB for pixels in −1..1."""
    return float(10 * torch.log10(4 / (a - b).pow(2).mean().clamp_min(1e-12)))


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--per-kind", type=int, default=60, help="windows of each kind of scene")
    p.add_argument("--leaves", type=int, default=3000, help="windows of general shapes")
    args = p.parse_args()
    common.start(args)
    from models.scenes import KINDS
    kinds = sorted(KINDS)
    with multiprocessing.get_context("fork").Pool(args.threads) as pool:
        scenes = pool.starmap(scene_windows, [(kind, args.per_kind, 0) for kind in kinds])
        unseen = pool.starmap(scene_windows, [(kind, 8, 9) for kind in kinds])
    torch.manual_seed(0)
    rng = torch.Generator().manual_seed(1)
    general = [leaves(100, rng) for _ in range(args.leaves // 100)]
    print(f"{len(kinds)} kinds of scene drawn", flush=True)
    bases = fit_codes(scenes, general)
    bases |= fit_inverse(bases, [*scenes, *general])
    common.save(bases, args.work / "basis.pt")
    top = bases["top"]
    errors = {}
    for kind, windows in zip(kinds, unseen):
        each = [psnr(decode_all(encode(c, top), top).clamp(-1, 1), c) for c in windows]
        errors[kind] = sum(each) / len(each)
    worst = sorted(errors, key=errors.get)[:5]
    print(f"{sum(errors.values()) / len(errors):.1f} dB with {CHANNELS} components, worst: "
          + ", ".join(f"{k} {errors[k]:.1f}" for k in worst), flush=True)


if __name__ == "__main__":
    main()
