"""The diffusion transformer and its text encoder, trained together on stored codes.

    python -m models.train.dit --work DIR --steps 100000            # constant rate; resumes
    python -m models.train.dit --work DIR --anneal 1500             # falling rate, to dit-final.pt

Windows of 2, 3 or 5 latent frames are cut from the clips: from a clip's start (its first latent is one
frame) or from its middle, then with one or two known latents in front, so that a stream can be
continued without end. Coordinates, per-token timesteps and the noise on known latents are those of
LTXConditionPipeline.
"""

import json
import random

import numpy as np
import torch
from diffusers import LTXVideoTransformer3DModel
from transformers import T5Config, T5EncoderModel

from . import common, transform
from .text import Tokenizer

WIDTH = 192                                   # of the text encoder
CONFIG = dict(in_channels=transform.CHANNELS, out_channels=transform.CHANNELS, num_layers=8,
              num_attention_heads=6, attention_head_dim=48, cross_attention_dim=288,
              caption_channels=WIDTH)
KNOWN_NOISE = 0.15                            # the pipeline's image_cond_noise_scale


def build(pieces: int):
    text = T5EncoderModel(T5Config(
        vocab_size=pieces, d_model=WIDTH, d_kv=32, num_heads=6, d_ff=512, num_layers=3,
        feed_forward_proj="gated-gelu", dropout_rate=0.0, pad_token_id=0, eos_token_id=1,
        tie_word_embeddings=False))
    dit = LTXVideoTransformer3DModel(**CONFIG)
    with torch.no_grad():
        dit.proj_in.weight /= 2               # latents are about GAIN wide
        dit.proj_out.weight.zero_(), dit.proj_out.bias.zero_()
        dit.scale_shift_table.zero_()
        dit.time_embed.linear.weight /= 10
        for block in dit.transformer_blocks:  # every block starts as the identity
            for out in (block.attn1.to_out[0], block.attn2.to_out[0], block.ff.net[2]):
                out.weight.zero_(), out.bias.zero_()
            block.scale_shift_table.zero_()
            block.scale_shift_table[[2, 5]] = 1
    return dit, text


def known_counts(mode: str, frames: int) -> list:
    """Which latent frames of a window are known."""
    if mode == "first":
        return [0]
    if mode == "two" and frames > 2:
        return [0, 1]
    if mode == "ends" and frames > 2:
        return [0, frames - 1]
    return [0] if mode != "none" else []


class Clips:
    """All stored codes, in memory, by size and kind."""

    def __init__(self, work, basis, seed):
        self.work, self.rng = work, random.Random(seed)
        self.mean, self.std = basis["mean"].view(-1, 1, 1), basis["latents_std"].view(-1, 1, 1)
        self.sizes, self.seen = {}, set()
        self.refresh()

    def refresh(self, limit=None):
        for path in sorted(self.work.glob("clips/*/*/[0-9]*[0-9].npz")):
            if path in self.seen:
                continue
            self.seen.add(path)
            with np.load(path) as f:
                item = (torch.from_numpy(f["start"]), torch.from_numpy(f["block"]),
                        json.loads(str(f["about"])))
            kinds = self.sizes.setdefault(path.parts[-3], {})
            kinds.setdefault(path.parts[-2], []).append(item)

    def count(self) -> str:
        return ", ".join(f"{size}: {sum(map(len, kinds.values()))} clips of {len(kinds)} kinds"
                         for size, kinds in sorted(self.sizes.items()))

    def batch(self, size: str, count: int, frames: int, middle: bool):
        """Latents [count, 128, frames, h, w], rates and facts."""
        kinds = self.sizes[size]
        names, out, about = list(kinds), [], []
        for _ in range(count):
            start, block, facts = self.rng.choice(kinds[self.rng.choice(names)])
            if middle:
                j = self.rng.randrange(len(block) - frames + 1)
                z = block[j:j + frames].float()
            else:
                j = self.rng.randrange(len(block) - frames + 2)
                z = torch.cat([start[j:j + 1], block[j:j + frames - 1]]).float()
            out.append(((z - self.mean) / self.std).permute(1, 0, 2, 3))
            about.append(facts)
        return torch.stack(out), about


def coordinates(frames, h, w, rates, middle):
    """[B, 3, tokens]: seconds, rows and columns in pixels, as the pipeline counts them."""
    f = torch.arange(frames) * 8.
    f = f + 1 if middle else (f - 7).clamp_min(0)
    grid = torch.stack(torch.meshgrid(f, torch.arange(h) * 32., torch.arange(w) * 32.,
                                      indexing="ij")).flatten(1)
    grid = grid[None].repeat(len(rates), 1, 1)
    grid[:, 0] /= torch.tensor(rates, dtype=torch.float32)[:, None]
    return grid


def draw_sigma(count: int) -> torch.Tensor:
    """Noise levels: spread for latents as wide as the noise, then moved to GAIN times that."""
    u = torch.sigmoid(.4 + 1.2 * torch.randn(count))
    pick = torch.rand(count)
    u = torch.where(pick < .3, torch.rand(count), u)
    u = torch.where(pick > .88, .9 + .1 * torch.rand(count), u)
    return transform.GAIN * u / (1 - u + transform.GAIN * u)


def loss_of(dit, text, tokens, x0, coords, known, sigma):
    """Velocity loss on the unknown latents, and the same for noise bands (for the log)."""
    ids, mask = tokens
    b, c, f, h, w = x0.shape
    noise = torch.randn_like(x0)
    s = sigma.view(-1, 1, 1, 1, 1)
    x = (1 - s) * x0 + s * noise
    time = sigma[:, None] * 1000
    if known:
        x[:, :, known] = (x0 + KNOWN_NOISE * torch.randn_like(x0) * s * s)[:, :, known]
    time = time[:, :, None].repeat(1, f, h * w)
    time[:, known] = 0
    time = time.flatten(1)
    states = text(input_ids=ids, attention_mask=mask)[0]
    v = dit(x.flatten(2).transpose(1, 2), states, time, mask, video_coords=coords,
            return_dict=False)[0].float()
    v = v.transpose(1, 2).unflatten(2, (f, h, w))
    e = (v - (noise - x0)).pow(2)
    if known:
        e = e[:, :, [i for i in range(f) if i not in known]]
    g = transform.GAIN
    weight = ((sigma + g * (1 - sigma)) / g) ** 2
    return e.mean((1, 2, 3, 4)) * weight


def optimizers(dit, text, rate):
    """Muon for the matrices inside the blocks, AdamW for all else."""
    inside, rest = [], []
    for name, p in [*dit.named_parameters(), *text.named_parameters()]:
        block = "transformer_blocks" in name or "encoder.block" in name
        table = "table" in name or "relative" in name
        (inside if p.ndim == 2 and block and not table else rest).append(p)
    return [torch.optim.Muon(inside, lr=rate, weight_decay=.01, momentum=.95,
                             adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(rest, lr=rate, betas=(.9, .98), weight_decay=0)]


class Mixture:
    """Chooses size, window and what is known for the next batch."""

    def __init__(self, clips, weights, tokens, captions):
        self.clips, self.weights, self.tokens, self.captions = clips, weights, tokens, captions
        self.rng = random.Random()

    def next(self):
        sizes = [s for s in self.weights if s in self.clips.sizes]
        size = self.rng.choices(sizes, [self.weights[s] for s in sizes])[0]
        w, h = (int(v) // 32 for v in size.split("x"))
        frames = self.rng.choices((2, 3, 5), (2, 3, 5))[0]
        mode = self.rng.choices(("none", "first", "two", "ends"), (50, 30, 10, 10))[0]
        middle = mode != "none" and self.rng.random() < .7
        count = max(1, self.tokens // (frames * h * w))
        x0, about = self.clips.batch(size, count, frames, middle)
        coords = coordinates(frames, h, w, [a["rate"] for a in about], middle)
        return x0, self.captions(about), coords, known_counts(mode, frames)


class Captions:
    def __init__(self, work):
        self.tokenizer, self.rng = Tokenizer(work), np.random.default_rng()

    def text(self, about) -> str:
        from models.captions import caption
        if self.rng.random() < .03:
            return ""
        return caption(about["facts"], self.rng, language="zh" if self.rng.random() < .4 else "en")

    def __call__(self, abouts):
        return self.tokenizer([self.text(a) for a in abouts])


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--steps", type=int, default=100000)
    p.add_argument("--rate", type=float, default=1.5e-3)
    p.add_argument("--tokens", type=int, default=4000, help="latent tokens in a batch")
    p.add_argument("--mix", default="256x160=3,512x288=1", help="sizes and how often")
    p.add_argument("--anneal", type=int, default=0, help="steps to a rate of zero, from dit.pt")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--compile", action="store_true", help="a third faster after some minutes")
    args = p.parse_args()
    common.start(args)
    basis = common.load(args.work / "basis.pt")
    captions = Captions(args.work)
    dit, text = build(captions.tokenizer.sp.get_piece_size())
    dit.to(args.device), text.to(args.device)
    if args.compile:
        for block in dit.transformer_blocks:
            block.compile(dynamic=False)
    opts = optimizers(dit, text, args.rate)
    ema, step = common.Ema([dit, text]), 0
    path = args.work / "dit.pt"
    final = args.work / "dit-final.pt"
    state = (args.anneal and common.load(final)) or common.load(path)
    if state:
        dit.load_state_dict(state["dit"]), text.load_state_dict(state["text"])
        for opt, saved in zip(opts, state["opt"]):
            opt.load_state_dict(saved)
        ema.shadow, step = state["ema"], state["step"]
    first = state.get("anneal_from", step) if state else 0
    last = first + args.anneal if args.anneal else args.steps
    torch.manual_seed(step + args.seed)
    clips = Clips(args.work, basis, step + args.seed)
    weights = {k: float(v) for k, v in (m.split("=") for m in args.mix.split(","))}
    mixture = Mixture(clips, weights, args.tokens, captions)
    print(f"DiT {sum(q.numel() for q in dit.parameters()) / 1e6:.2f} M, text "
          f"{sum(q.numel() for q in text.parameters()) / 1e6:.2f} M; {clips.count()}", flush=True)
    clock, bands, seen = common.Clock(step, last), [None] * 4, 0
    while step < last:
        x0, tokens, coords, known = mixture.next()
        x0, coords = x0.to(args.device), coords.to(args.device)
        tokens = [t.to(args.device) for t in tokens]
        sigma = draw_sigma(len(x0)).to(args.device)
        scale = (last - step) / args.anneal if args.anneal else min(1, (step + 1) / 100)
        for opt in opts:
            for g in opt.param_groups:
                g["lr"] = args.rate * scale
        with torch.autocast(args.device, torch.bfloat16):
            each = loss_of(dit, text, tokens, x0, coords, known, sigma)
        for opt in opts:
            opt.zero_grad()
        each.mean().backward()
        torch.nn.utils.clip_grad_norm_([*dit.parameters(), *text.parameters()], 1.)
        for opt in opts:
            opt.step()
        step, seen = step + 1, seen + len(x0)
        ema.update(step)
        u = sigma / (sigma + transform.GAIN * (1 - sigma))
        for i in range(4):
            inside = each.detach()[(u * 4).clamp(max=3.99).long() == i]
            if len(inside):
                m = inside.mean().item()
                bands[i] = m if bands[i] is None else bands[i] + .02 * (m - bands[i])
        if step % 25 == 0:
            print(clock.line(step), f"{seen} samples, loss by noise",
                  *(f"{v:.3f}" for v in bands if v is not None), flush=True)
        if step % 200 == 0 or step == last:
            common.save({"dit": dit.state_dict(), "text": text.state_dict(), "ema": ema.shadow,
                         "opt": [o.state_dict() for o in opts], "step": step,
                         **({"anneal_from": first} if args.anneal else {})},
                        final if args.anneal else path)
            clips.refresh()


if __name__ == "__main__":
    main()
