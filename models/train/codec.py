"""The video autoencoder: LTX's layers, set to the block transform at first, then trained.

    python -m models.train.codec --work DIR --part decoder --steps 20000      # resumes
    python -m models.train.codec --work DIR --part encoder --steps 5000

Both halves are plain regressions: the decoder from codes to pixels, the encoder from pixels to
codes. At step 0 they already are the transform (see `transform.py`): the centre taps of each
convolution turn the coefficients of a block into those of its eight parts, all else is zero.
"""

import math
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLLTXVideo

from . import common, transform

WIDTHS = (192, 192, 96, 32)        # decoder channels at first and after each upsampler
PAIRS = 3                          # signals carried as +s and −s into the last activation
CARRIED = WIDTHS[3] - 1 - PAIRS    # components of patches in the last layers
LEVEL = 15.0                       # the constant channel that keeps the last norm from levelling
CHANGES, CALM = .008, .01          # see pixel_loss
STEADY = 600.0                     # the same in the encoder, where it makes the end all but linear
CONFIG = dict(
    in_channels=3, out_channels=3, latent_channels=transform.CHANNELS,
    block_out_channels=(128, 128, 128, 128),
    down_block_types=("LTXVideo095DownBlock3D",) * 3,
    spatio_temporal_scaling=(True,) * 3, layers_per_block=(0, 0, 0, 1),
    downsample_type=("conv",) * 3,
    decoder_block_out_channels=WIDTHS[2::-1], decoder_spatio_temporal_scaling=(True,) * 3,
    decoder_layers_per_block=(0, 0, 0, 0), decoder_inject_noise=(False,) * 4,
    upsample_residual=(False,) * 3, timestep_conditioning=False,
    upsample_factor=tuple(a // b for a, b in zip(WIDTHS, WIDTHS[1:]))[::-1],
    patch_size=4, patch_size_t=1, encoder_causal=True, decoder_causal=True,
)


def build(basis: dict) -> AutoencoderKLLTXVideo:
    vae = AutoencoderKLLTXVideo(**CONFIG)
    with torch.no_grad():
        for name, module in vae.named_modules():
            if name.endswith("conv2.conv"):
                module.weight.zero_(), module.bias.zero_()
        if "sub" in basis:                    # not in one that `restore` has made
            set_decoder(vae.decoder, basis)
            set_encoder(vae.encoder, basis)
        vae.latents_mean.copy_(basis["mean"])
        vae.latents_std.copy_(basis["latents_std"])
    return vae


def split_matrix(big: torch.Tensor, small: torch.Tensor) -> torch.Tensor:
    """[8, small, big]: coefficients of a block → those of its eight parts, which `small` reads."""
    parts = transform.halves(big).flatten(2)                     # [big, 8, pixels of a part]
    return torch.einsum("bok,sk->osb", parts, small.flatten(1)) * 8 ** .5


def towards(reach: torch.Tensor) -> torch.Tensor:
    """A convolution's taps from what a cell gives its neighbours: it looks the other way.

    [3, 3, ..., in] → [..., in, 3, 3]
    """
    return reach.flip(0, 1).movedim((0, 1), (-2, -1))


def patch_order(patches: torch.Tensor) -> torch.Tensor:
    """[n, 3, 1, 4 rows, 4 columns] → [n, 48] in LTX's order (colour, column, row)."""
    return patches[:, :, 0].transpose(2, 3).flatten(1)


def pixel_patches() -> torch.Tensor:
    """The patches of one pixel each, in that order: [48, 3, 1, 4, 4]."""
    one = torch.eye(48).view(48, 3, 1, 4, 4)
    return one[patch_order(one).argmax(0)]


def components(x: torch.Tensor, reads: torch.Tensor) -> torch.Tensor:
    """[n, components] of blocks [n, 3, t, s, s], each divided by sqrt(its pixels)."""
    return x.flatten(1) @ reads.flatten(1).T / math.prod(x.shape[2:]) ** .5


def part_basis(basis, level: int) -> tuple:
    """What the decoder carries of the parts of a level's cells, and what reads it from pixels."""
    return tuple(b[:CARRIED] if level == 2 else b for b in basis["sub"][level])


def norms(basis) -> list:
    """What the components are divided by in the decoder, at first and after each upsampler."""
    if "norms" not in basis:                  # kept: they take a while
        spreads, x = [basis["half_deviation"]], basis["samples"]
        for level in range(2):
            x = transform.halves(x.float()).flatten(0, 1)
            spreads.append(components(x, part_basis(basis, level)[1]).std(0).clamp_min(1e-4))
        basis["norms"] = [*(s ** .5 for s in spreads), torch.ones(CARRIED)]
    return basis["norms"]


def halving(basis) -> torch.Tensor:
    """Codes → those of the first and the last frames of their blocks: [2·96, in]."""
    halves = transform.time_halves(basis["top"]).flatten(2)
    m = torch.einsum("bhp,sp->hsb", halves, basis["half"].flatten(1)) * 2 ** .5
    return m.flatten(0, 1) / norms(basis)[0][:, None]


def half_blocks(basis) -> torch.Tensor:
    """What the codes of halves show of a block: [2·96, 3, 8, 32, 32]."""
    half = basis["half"]
    none = torch.zeros_like(half)
    return torch.cat([torch.cat([half, none], 2), torch.cat([none, half], 2)]) / 2 ** .5


def upsampling(basis, level: int) -> torch.Tensor:
    """Components of a level's cells → those of their parts: [channels, 8, in, 3, 3]."""
    _, reads = part_basis(basis, level)
    if level:
        m = split_matrix(part_basis(basis, level - 1)[0], reads)
        m = F.pad(m[..., None, None], (1, 1, 1, 1))
    else:                                                        # codes overlap
        m = towards(transform.reach(half_blocks(basis), transform.unlap, reads))
    before, after = norms(basis)[level:level + 2]
    return m.transpose(0, 1) * before.view(-1, 1, 1) / after.view(-1, 1, 1, 1, 1)


def set_decoder(net, basis) -> None:
    net.conv_in.conv.weight.zero_(), net.conv_in.conv.bias.zero_()
    net.conv_in.conv.weight[:, :, 2, 1, 1] = halving(basis)
    for level, block in enumerate(net.up_blocks):
        conv = block.upsamplers[0].conv.conv
        conv.weight.zero_(), conv.bias.zero_()
        weight = conv.weight.unflatten(0, (-1, 8))               # [channel, part, in, 3, 3, 3]
        m = upsampling(basis, level)
        weight[:len(m), :, :m.shape[2], 2] = m
        if level == 2:
            weight[CARRIED:CARRIED + PAIRS] = -weight[:PAIRS]
        conv.bias.unflatten(0, (-1, 8))[WIDTHS[level + 1] - 1] = LEVEL if level == 2 else 1
    slope = LEVEL / WIDTHS[3] ** .5 * 4                          # undo the norm; 4: sqrt(16)
    patches = patch_order(part_basis(basis, 2)[0]).T * slope
    out = net.conv_out.conv
    out.weight.zero_(), out.bias.zero_()
    out.weight[:, :CARRIED, 2, 1, 1] = 2 * patches               # SiLU(u) is nearly u/2
    out.weight[:, :PAIRS, 2, 1, 1] = patches[:, :PAIRS]          # SiLU(u) − SiLU(−u) is u
    out.weight[:, CARRIED:CARRIED + PAIRS, 2, 1, 1] = -patches[:, :PAIRS]


def set_encoder(net, basis) -> None:
    """The same upwards: patches → parts → blocks, through LTX's strided convolutions."""
    chain = [*reversed(basis["encoder"]), basis["spread"]]       # patches, parts, parts, blocks
    patch, width = chain[0], CONFIG["block_out_channels"][0]
    for conv in (net.conv_in.conv, *(b.downsamplers[0].conv for b in net.down_blocks),
                 net.conv_out.conv):
        conv.weight.zero_(), conv.bias.zero_()
    net.conv_in.conv.weight[:48, :, 2, 1, 1] = patch_order(patch) / 4
    net.conv_in.conv.bias[width - 1] = 1
    for level, block in enumerate(net.down_blocks):
        small, big = chain[level], chain[level + 1]
        keep = min(len(big), width - 1)
        m = split_matrix(big[:keep], small) / 8                  # the bases are orthonormal
        conv = block.downsamplers[0].conv
        for o in range(8):
            t, y, x = o >> 2 & 1, o >> 1 & 1, o & 1
            conv.weight[:keep, :len(small), 1 + t, 1 + y, 1 + x] = m[o].T
        conv.bias[width - 1] = STEADY if level == 2 else 1
    slope = STEADY / width ** .5
    around = towards(basis["see"])[:, :width - 1]
    net.conv_out.conv.weight[:transform.CHANNELS, :width - 1, 2] = 2 * slope * around
    net.conv_out.conv.bias[-1] = -30                             # log-variance: none


class Crops:
    """Random windows of the stored crops, balanced over kinds."""

    def __init__(self, work: Path, seed: int):
        self.files = {}
        self.work, self.rng, self.cache = work, random.Random(seed), {}
        self.refresh()

    def refresh(self):
        for size in ("512x288",):
            for folder in sorted((self.work / "clips" / size).iterdir()):
                self.files[folder.name] = sorted(folder.glob("[0-9]*[0-9].npz"))
        self.files = {k: v for k, v in self.files.items() if v}

    def clip(self, kind: str):
        path = self.rng.choice(self.files[kind])
        if path not in self.cache:
            with np.load(path) as f:
                self.cache[path] = f["crop"]
        return self.cache[path]

    def batch(self, count: int, size: int, blocks: int) -> torch.Tensor:
        """[count, 3, 1 + 8·blocks, size, size] in −1..1."""
        out = []
        for _ in range(count):
            crop = self.clip(self.rng.choice(list(self.files)))
            t = 8 * self.rng.randrange((len(crop) - 1) // 8 - blocks + 1)
            y, x = (32 * self.rng.randrange((128 - size) // 32 + 1) for _ in range(2))
            part = crop[t:t + 1 + 8 * blocks, y:y + size, x:x + size]
            if self.rng.random() < .5:
                part = part[:, :, ::-1]
            out.append(torch.from_numpy(np.ascontiguousarray(part)))
        return torch.stack(out).permute(0, 4, 1, 2, 3).float() / 127.5 - 1


def border_weight(axis: int, length: int) -> torch.Tensor:
    """Weight of the difference between neighbours i and i + 1: more across borders of cells."""
    i = torch.arange(1, length)
    if axis == 2:                             # a first frame, then eight of each latent
        return 1. + (i % 4 == 1) + 4. * (i % 8 == 1)
    return 1. + (i % 4 == 0) + (i % 8 == 0) + (i % 16 == 0) + 4. * (i % 32 == 0)


def pixel_loss(out: torch.Tensor, want: torch.Tensor) -> torch.Tensor:
    """Of values, and of changes in time and space: those relative to how much a clip changes.

    A step of one level in 255 shows where nothing else moves.
    """
    d = out - want
    loss = (d * d + 1e-4).sqrt().mean()
    for axis in (2, 3, 4):
        shape = [-1 if k == axis else 1 for k in range(5)]
        weight = border_weight(axis, d.shape[axis]).to(d.device).view(shape)
        usual = want.diff(dim=axis).abs().mean((1, 2, 3, 4)) + CALM
        wrong = (d.diff(dim=axis).abs() * weight).mean((1, 2, 3, 4))
        loss = loss + CHANGES * (wrong / usual).mean()
    return loss


def codes(clips, basis):
    return torch.stack([transform.encode_clip(c, basis["top"]) for c in clips])


def unit_of(basis, device) -> torch.Tensor:
    """The spread of each code, as the DiT's latents count it."""
    return (basis["latents_std"].to(device) * transform.GAIN).view(-1, 1, 1, 1)


def noisy_codes(clips, basis, noise: float):
    """Codes of a batch with some noise, at most so much, as a sampler leaves it."""
    z = codes(clips, basis)
    amount = torch.rand(len(z), 1, 1, 1, 1, device=z.device) ** 2 * noise
    return z + amount * unit_of(basis, z.device) * torch.randn_like(z)


def decoder_step(net, basis, clips, noise: float):
    out = net(noisy_codes(clips, basis, noise)).float()
    return pixel_loss(out, clips), out


def encoder_step(net, basis, clips, _):
    z = codes(clips, basis)
    got = net(clips)[:, :transform.CHANNELS].float()
    unit = unit_of(basis, z.device)
    return ((got - z) / unit).pow(2).mean(), got


def groups(net, rate: float) -> list:
    """Each layer's rate follows the size of its weights, which the transform has set.

    One rate for all either ruins the first upsampler (weights of 0.01) or leaves the last layers
    (0.1 to 3) as they are.
    """
    out = []
    for name, module in net.named_modules():
        if isinstance(module, torch.nn.Conv3d):
            size = .02 if ".conv" in name and "resnets" in name else float(module.weight.std())
            full = rate * min(max(size, .01), .2)
            out.append({"params": list(module.parameters()), "lr": full, "full": full})
    return out


def load_optimizer(opt, state: dict) -> None:
    """Moments from the checkpoint, rates from the command line."""
    rates = [g["full"] for g in opt.param_groups]
    opt.load_state_dict(state)
    for g, full in zip(opt.param_groups, rates):
        g["full"] = full


def hold_constants(net) -> None:
    """No gradient to weights on the constant channels, the last ones: 27 taps on one constant are
    a bias that shakes with every step."""
    for module in (*(b.upsamplers[0].conv for b in net.up_blocks[1:]), net.conv_out):
        mask = torch.ones_like(module.conv.weight)
        mask[:, -1] = 0
        module.conv.weight.register_hook(lambda g, mask=mask: g * mask)


@torch.no_grad()
def measure_decoder(net, basis, clips) -> str:
    """Of crops [n, 3, T, H, W] in −1..1: of exact codes, and of noisy ones."""
    torch.manual_seed(1)
    exact, noisy = (torch.cat([decoder_step(net, basis, clips[i:i + 4], noise)[1]
                               for i in range(0, len(clips), 4)]).clamp(-1, 1)
                    for noise in (0, .4))
    linear = torch.stack([transform.decode(z, basis["top"])
                          for z in codes(clips, basis)]).clamp(-1, 1)
    each = np.mean([transform.psnr(a, b) for a, b in zip(exact, clips)])
    return (f"{transform.psnr(exact, clips):.2f} dB, clips' mean {each:.2f} (linear inverse "
            f"{transform.psnr(linear, clips):.2f}), block edges {blocking(exact, clips):.3f}; "
            f"noisy codes {transform.psnr(noisy, clips):.2f} dB, edges {blocking(noisy, clips):.3f}")


@torch.no_grad()
def measure(vae, basis, clips, part: str) -> str:
    if part == "decoder":
        return measure_decoder(vae.decoder, basis, clips)
    return f"error {encoder_step(vae.encoder, basis, clips, 0)[0]:.4f}"


def blocking(out: torch.Tensor, want: torch.Tensor) -> float:
    """How much larger the error's jumps are across cell borders than elsewhere (1: no blocks)."""
    jump = (out - want).diff(dim=-1).abs().mean((0, 1, 2, 3))
    border = torch.arange(1, len(jump) + 1) % 32 == 0
    return float(jump[border].mean() / jump[~border].mean())


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--part", choices=["decoder", "encoder"], default="decoder")
    p.add_argument("--steps", type=int, default=20000)
    p.add_argument("--rate", type=float, default=2.5e-3)
    p.add_argument("--batch", type=int, default=3)
    p.add_argument("--size", type=int, default=96, help="pixels of a crop's side")
    p.add_argument("--noise", type=float, default=.4, help="noise on the codes, at most")
    p.add_argument("--decay", type=int, default=0, help="last steps with a falling rate")
    args = p.parse_args()
    common.start(args)
    path = args.work / f"{args.part}.pt"
    state = common.load(path)
    basis = common.load(args.work / "basis.pt")
    vae = build(basis).to(args.device)
    basis["top"] = basis["top"].to(args.device)
    net = getattr(vae, args.part)
    opt = torch.optim.Adam(groups(net, args.rate), betas=(.9, .995))
    ema, step = common.Ema([net]), 0
    if state:
        net.load_state_dict(state["net"])
        if "opt" in state:                    # not after `regress`
            load_optimizer(opt, state["opt"])
        ema.shadow, step = [state["ema"]], state["step"]
    if args.part == "decoder":
        hold_constants(net)
    act = decoder_step if args.part == "decoder" else encoder_step
    torch.manual_seed(step), random.seed(step)
    crops = Crops(args.work, seed=step)
    check = Crops(args.work, seed=12345).batch(24, 96, 2).to(args.device)
    print(f"{sum(p.numel() for p in net.parameters()) / 1e6:.2f} M parameters; "
          f"step {step}: {measure(vae, basis, check, args.part)}", flush=True)
    clock, mean = common.Clock(step, args.steps), None
    while step < args.steps:
        left = (args.steps - step) / max(args.decay, 1)
        for g in opt.param_groups:
            g["lr"] = g["full"] * min(1, (step + 1) / 200, left if args.decay else 1)
        clips = crops.batch(args.batch, args.size, random.choice((1, 2, 2))).to(args.device)
        loss, _ = act(net, basis, clips, args.noise)      # in f32: bf16 rounds by what borders show
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.)
        opt.step()
        step += 1
        ema.update(step)
        mean = loss.item() if mean is None else mean + .02 * (loss.item() - mean)
        if step % 50 == 0:
            print(f"{clock.line(step)}, loss {mean:.4f}", flush=True)
        if step % 200 == 0 or step == args.steps:
            common.save({"net": net.state_dict(), "opt": opt.state_dict(), "ema": ema.shadow[0],
                         "step": step}, path)
            kept = {k: v.clone() for k, v in net.state_dict().items()}
            net.load_state_dict(ema.shadow[0])
            print(f"step {step}: {measure(vae, basis, check, args.part)}", flush=True)
            net.load_state_dict(kept)
            torch.manual_seed(step)
            crops.refresh()


if __name__ == "__main__":
    main()
