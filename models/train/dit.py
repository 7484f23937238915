"""The diffusion transformer and its text encoder, trained together on stored codes.

The encoder comes from `reader`, which has taught it what captions say.

    python -m models.train.dit --work DIR --steps 100000            # constant rate; resumes
    python -m models.train.dit --work DIR --minutes 30 --decay 1    # falling rate, to dit-final.pt

Several processes with one thread each share a busy machine better than one with several: start
the same command with `--ranks 2 --rank 0` and `--ranks 2 --rank 1`.

Windows of 1 or more latent frames are cut from the clips: from a clip's start (its first latent is one
frame) or from its middle, then with one or two known latents in front, so that a stream can be
continued without end. Some lead to a goal, the window's last picture, whose tokens stand in front of
the others. In those of clips that change, a scene becomes the one of the caption behind what is known.
Where a size has clips of openings, only these teach how a scene begins: windows of its other clips have
something known. Coordinates, per-token timesteps and the noise on known latents are those of LTXConditionPipeline.
"""

import json
import random
import time

import numpy as np
import torch
import torch.distributed as dist
from diffusers import LTXVideoTransformer3DModel
from diffusers.models.transformers import transformer_ltx
from transformers import T5Config, T5EncoderModel

from . import common, flow, places, rollout, transform
from .text import Tokenizer

WIDTH = 192                                   # of the text encoder
CONFIG = dict(in_channels=transform.CHANNELS, out_channels=transform.CHANNELS, num_layers=6,
              num_attention_heads=4, attention_head_dim=64, cross_attention_dim=256,
              caption_channels=WIDTH)
WARM = 30                                     # steps of rising rate after each start
MUON = 2                                      # its rate, as a multiple of AdamW's
TIME = .2                                     # of what the timestep modulates
READER = .25                                  # the text encoder's
NO_WORDS = .05                                # of the captions are left out, for guidance
MEMORY = .995                                 # of the running means
CHECKPOINTS = "dit.pt", "dit-final.pt"        # at a constant rate and at its fall
# Known latents in front of a window, and whether it leads to a goal.
GIVEN = [(0, False)] * 8 + [(1, False)] * 5 + [(2, False)] * 3 + [(0, True), (1, True), (1, True),
                                                                  (2, True)]
# Single pictures teach words and layout cheaply: see flow.lesson.
MIX = ("512x288-pictures/16x9x1=4.5,512x288-openings/16x9x5=3.2,512x288/16x9x3=.3,512x288/16x9x5=1.5,"
       "512x288-changes/16x9x5=1.3")


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
        look_around(dit)
    dit.places = places.know_places(dit)
    return dit, text


# Offsets (latent frames, rows, columns) at which the last three heads of each layer look first.
LOOKS = [((-1, 0, 0), (0, 0, -1), (0, 0, 1)), ((1, 0, 0), (0, -1, 0), (0, 1, 0))]


@torch.no_grad()
def look_around(dit, strength=1.2) -> None:
    """Let heads attend to a neighbouring cell from the start.

    A query and a key that are the same for every token leave a product that depends only on their
    distance, through the rotary angles; turning the query by the angles of an offset puts its peak
    there. Found by training alone, this takes most of the first thousand steps. The first head
    holds the lowest frequencies, which cannot tell neighbours apart: it stays as it is.
    """
    heads, size = CONFIG["num_attention_heads"], CONFIG["attention_head_dim"]
    width = heads * size
    count, pad = width // 6, width % 6
    frequency = 10000. ** torch.linspace(0, 1, count) * torch.pi
    step = torch.tensor([8 / 24 / 20, 32 / 2048, 32 / 2048])      # one cell, as rope scales it
    for number, block in enumerate(dit.transformer_blocks):
        query = torch.zeros(width // 2, 2)
        query[:, 0] = 1
        key = query.clone()
        for head in range(1, heads):
            offset = torch.tensor(LOOKS[number % 2][head - 1], dtype=torch.float32) * step
            angle = torch.cat([torch.zeros(pad // 2), (frequency[:, None] * offset).flatten()])
            rows = slice(head * size // 2, (head + 1) * size // 2)
            query[rows] = torch.stack([angle.cos(), angle.sin()], 1)[rows]
        own = torch.arange(width) >= size                         # not the first head
        for linear, vector in ((block.attn1.to_q, query), (block.attn1.to_k, key)):
            linear.bias[own] = strength * 2 ** .5 * vector.flatten()[own]
            linear.weight[own] *= .5


class Clips:
    """All stored codes, in memory, by size and kind."""

    def __init__(self, work, basis, seed, kinds=None):
        self.work, self.rng, self.only = work, random.Random(seed), kinds
        self.mean, self.std = basis["mean"].view(-1, 1, 1), basis["latents_std"].view(-1, 1, 1)
        self.sizes, self.seen = {}, set()
        self.refresh()

    def refresh(self):
        for path in sorted(self.work.glob("clips/*/*/[0-9]*[0-9].npz")):
            if path in self.seen or self.only and path.parts[-2] not in self.only:
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

    def batch(self, size: str, count: int, window: tuple, middle: bool, first=False):
        """Latents [count, 128, frames, h, w] from random places (first: from a clip's beginning),
        those of their last pictures [count, 128, 1, h, w], and what each clip shows."""
        (w, h, frames), kinds = window, self.sizes[size]
        names, out, last, about = list(kinds), [], [], []
        for _ in range(count):
            start, block, facts = self.rng.choice(kinds[self.rng.choice(names)])
            y, x = (self.rng.randrange(n - m + 1) for n, m in zip(block.shape[2:], (h, w)))
            start, block = (v[..., y:y + h, x:x + w] for v in (start, block))
            j = 0 if first else self.rng.randrange(len(block) - frames + (1 if middle else 2))
            end = j + frames - (0 if middle else 1)
            z = block[j:end] if middle else torch.cat([start[j:j + 1], block[j:end]])
            out.append(self.latents(z)), last.append(self.latents(start[end:end + 1]))
            about.append(facts)
        return torch.stack(out), torch.stack(last), about

    def latents(self, codes):
        return ((codes.float() - self.mean) / self.std).permute(1, 0, 2, 3)


def attend(query, key, value, attn_mask=None, **_):
    """Attention of [batch, tokens, heads, size] written out.

    A window has few tokens. There the backward pass of the CPU's scaled_dot_product_attention takes
    eight times as long as these products do: a third of a step.
    """
    q, k, v = (x.transpose(1, 2) for x in (query, key, value))
    scores = q * q.shape[-1] ** -.5 @ k.transpose(2, 3)
    if attn_mask is not None:
        scores = scores + attn_mask
    return (scores.softmax(-1).to(v.dtype) @ v).transpose(1, 2)


def optimizers(dit, text, rate):
    """Muon for the matrices that look at pictures, AdamW for all else.

    Muon gives every direction of a gradient the same length. That suits what all tokens of a batch
    teach, but drowns what a few captions do: so not for what words go through. The text encoder
    can read already (see `reader`) and moves slowly. So does the modulation: behind norms, nothing
    else keeps it from growing (to 50 times what it scales, at the full rate).
    """
    looking, modulation, rest = [], [], []
    for name, p in dit.named_parameters():
        inside = p.ndim == 2 and "transformer_blocks" in name and "table" not in name
        modulates = "time_embed" in name or "table" in name
        (looking if inside and "attn2" not in name else modulation if modulates else rest).append(p)
    adam = torch.optim.AdamW([{"params": rest}, {"params": modulation},
                              {"params": text.parameters()}],
                             lr=rate, betas=(.9, .98), weight_decay=0)
    muon = torch.optim.Muon(looking, lr=rate, weight_decay=.05, momentum=.95,
                            adjust_lr_fn="match_rms_adamw")
    for opt, factors in ((muon, (MUON,)), (adam, (1, TIME, READER))):
        for group, factor in zip(opt.param_groups, factors):
            group["factor"] = factor
    return [muon, adam]


class Mixture:
    """Chooses size, window and what is known for the next batch.

    Written as "512x288/16x9x2=3": of clips of that size, windows 16 cells wide, 9 high and 2 latent
    frames long, with weight 3.
    """

    def __init__(self, clips, mix: str, tokens: int, captions, rng):
        self.clips, self.tokens, self.captions = clips, tokens, captions
        self.rng, self.weights = rng, {}
        for part in mix.split(","):
            where, weight = part.split("=")
            size, window = where.split("/")
            self.weights[size, tuple(map(int, window.split("x")))] = float(weight)

    def next(self):
        size, window = self.rng.choices(list(self.weights), list(self.weights.values()))[0]
        w, h, frames = window
        known, wanted = self.rng.choice(GIVEN) if frames > 1 else (0, False)
        known = min(known, frames - 1)
        if opening := size.endswith((common.OPENINGS, common.PICTURES)):
            known, wanted = 0, False
        elif not wanted and frames > 1 and size + common.OPENINGS in self.clips.sizes:
            known = max(known, 1)
        middle = known > 0 and self.rng.random() < .7
        if size.endswith(common.CHANGES):     # as a stream: it has begun, and shows something else
            known, middle = max(known, 1), True
        count = max(1, self.tokens // ((frames + wanted) * h * w))
        x0, last, about = self.clips.batch(size, count, window, middle, opening)
        where = frames, h, w, [a["rate"] for a in about], middle
        coords = flow.coordinates(*where)
        if wanted:
            coords = torch.cat([flow.goal_coordinates(*where), coords], 2)
        return flow.Windows(x0, self.captions(about), coords, known, last if wanted else None,
                            tuple(a["kind"] for a in about))


class Group:
    """Averages gradients over the processes that train together."""

    def __init__(self, args):
        self.size, self.first = args.ranks, args.rank == 0
        if self.size > 1:
            dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{args.port}",
                                    rank=args.rank, world_size=args.ranks)

    def wait(self) -> None:
        if self.size > 1:
            dist.barrier()

    def average(self, parameters, left: float) -> float:
        """Also averages the share of time left, so that all decide alike."""
        if self.size > 1:
            grads = [p.grad for p in parameters if p.grad is not None]
            flat = torch.cat([*(g.flatten() for g in grads), torch.tensor([left])])
            dist.all_reduce(flat)
            left = flat[-1].item() / self.size
            flat = flat[:-1]
            for g, part in zip(grads, flat.split([g.numel() for g in grads])):
                g.copy_(part.view_as(g) / self.size)
        return left


class Captions:
    def __init__(self, work):
        self.tokenizer, self.rng = Tokenizer(work), np.random.default_rng()

    def text(self, about) -> str:
        from models.captions import caption
        if self.rng.random() < NO_WORDS:
            return ""
        return caption(about["facts"], self.rng, language="zh" if self.rng.random() < .4 else "en")

    def __call__(self, abouts):
        return self.tokenizer([self.text(a) for a in abouts])


def on_device(args, captions):
    dit, text = build(captions.tokenizer.sp.get_piece_size())
    dit.to(args.device), text.to(args.device)
    if args.device == "cpu":
        transformer_ltx.dispatch_attention_fn = attend
    if args.compile:
        torch._dynamo.config.recompile_limit = 64              # one for each shape of window
        for block in dit.transformer_blocks:
            block.compile(dynamic=False)
    return dit, text


def restore(model, state, opts) -> int:
    """Weights and optimizers from a checkpoint; the steps so far."""
    for module, weights in zip(model, (state["dit"], state["text"])):
        module.load_state_dict(weights)
    for opt, saved in zip(opts, state["opt"]):
        opt.load_state_dict(saved)
    return state["step"]


class Bands:
    """Running means of the loss in four bands of visible noise."""

    def __init__(self):
        self.means = [None] * 4

    def add(self, losses, sigma) -> None:
        band = (flow.visible_noise(sigma) * 4).clamp(max=3.99).long()
        for i in band.unique().tolist():
            new = losses[band == i].mean().item()
            self.means[i] = new if self.means[i] is None else self.means[i] + .02 * (
                new - self.means[i])

    def __str__(self):
        return " ".join(f"{mean:.3f}" for mean in self.means if mean is not None)


def arguments():
    p = common.parser(__doc__)
    p.add_argument("--steps", type=int, default=100000)
    p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--tokens", type=int, default=4000, help="latent tokens in a batch")
    p.add_argument("--mix", default=MIX,
                   help="windows and how often: see Mixture")
    p.add_argument("--kinds", nargs="*", help="only these")
    p.add_argument("--rollouts", type=float, default=rollout.SHARE, help="share of these lessons")
    p.add_argument("--minutes", type=float, default=0, help="stop after so long")
    p.add_argument("--decay", type=float, default=0, help="last share of it with a falling rate")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--ranks", type=int, default=1)
    p.add_argument("--rank", type=int, default=0)
    p.add_argument("--port", type=int, default=29518)
    p.add_argument("--compile", action="store_true", help="a third faster after some minutes")
    return p.parse_args()


def main() -> None:
    args = arguments()
    common.start(args)
    basis = common.load(args.work / "basis.pt")
    captions, group = Captions(args.work), Group(args)
    cost = flow.Cost(basis).to(args.device)
    torch.manual_seed(0)                      # all processes start from the same weights
    dit, text = model = on_device(args, captions)
    opts = optimizers(dit, text, args.lr)
    path, final = (args.work / name for name in CHECKPOINTS)
    step = 0
    if saved := common.load(path):
        step = restore(model, saved, opts)
    elif reader := common.load(args.work / "text.pt"):
        text.load_state_dict(reader["text"])
    dit.places.hold()
    ema = common.Ema(model, MEMORY)
    if saved:
        ema.shadow = saved["ema"]
    torch.manual_seed(step * 8 + args.rank + args.seed)
    clips = Clips(args.work, basis, step * 8 + args.rank + args.seed, args.kinds)
    alike = random.Random(step)               # in all processes: none has longer lessons than the others
    mixture = Mixture(clips, args.mix, args.tokens, captions, alike)
    print(f"DiT {sum(q.numel() for q in dit.parameters()) / 1e6:.2f} M, text "
          f"{sum(q.numel() for q in text.parameters()) / 1e6:.2f} M; {clips.count()}", flush=True)
    clock, bands, shares, seen = common.Clock(step, args.steps), Bands(), flow.Shares(), 0
    began, left, first = time.time(), 1., step
    everything, begun = [*dit.parameters(), *text.parameters()], False
    while step < args.steps and left > 0:
        if not (begun or group.first):
            group.wait()                      # the first compiles, the others find it done
        windows = mixture.next().to(args.device)
        with torch.autocast(args.device, torch.bfloat16):
            own = alike.random() < args.rollouts
            lesson = rollout.lesson(windows, model, alike) if own else flow.lesson(windows)
        # another context: weights that were rounded where nothing learns are not to be used again
        with torch.autocast(args.device, torch.bfloat16):
            x = flow.behind_given(windows, lesson.x, lesson.sigma)
            each = cost(flow.velocity(dit, text, windows, x, lesson.sigma), lesson, windows)
        for opt in opts:
            opt.zero_grad()
        shares(each, windows).mean().backward()
        if group.first and not begun:
            group.wait()
        begun = True
        if args.minutes:
            left = max(0., 1 - (time.time() - began) / 60 / args.minutes)
        left = group.average(everything, left)
        scale = min(1, (step - first + 1) / WARM, left / args.decay if args.decay else 1)
        for g in (g for opt in opts for g in opt.param_groups):
            g["lr"] = args.lr * g["factor"] * scale
        torch.nn.utils.clip_grad_norm_(everything, 1.)
        for opt in opts:
            opt.step()
        dit.places.keep()
        step, seen = step + 1, seen + len(lesson.sigma)
        ema.update(step)
        bands.add(each.detach(), lesson.sigma)
        if step % 25 == 0 and group.first:
            print(clock.line(step), f"{seen} samples, loss by noise {bands}", flush=True)
        ended = step == args.steps or left <= 0
        if step % 100 == 0:
            clips.refresh()
        if group.first and (step % 100 == 0 or ended):
            common.save({"dit": dit.state_dict(), "text": text.state_dict(), "ema": ema.shadow,
                         "opt": [o.state_dict() for o in opts], "step": step},
                        final if args.decay and left < args.decay else path)


if __name__ == "__main__":
    main()
