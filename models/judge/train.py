"""Teach the judge, on drawn clips alone; goes on from its last checkpoint.

    python -m models.judge.train --work DIR [--clips 100] [--steps 3000]
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import data
from .net import Judge, classes, tensor, version

CLIPS, CHECKS = 100, 5  # of each kind, to learn from and to be checked by
STEPS, BATCH, RATE = 3000, 64, 2e-3
WEIGHTS = {"kind": 2., "colour": 1., "colour2": .5, "direction": 1., "speed": 1.}
SAVE = 120  # seconds between checkpoints


def path_of(work: Path) -> Path:
    return work / "judge" / f"judge-{version()}.pt"


def load(work: Path, device="cpu") -> tuple:
    """The judge and the steps that it has learned; (None, 0) without a checkpoint."""
    path = path_of(work)
    if not path.exists():
        return None, 0
    state = torch.load(path, map_location=device, weights_only=True)
    net = Judge().to(device)
    net.load_state_dict(state["net"])
    return net.eval(), state["step"]


class Batches:
    """Random clips, half of them in a mirror, a little brighter, darker or noisier than drawn."""

    def __init__(self, clips, rows, seed):
        self.clips, self.rows, self.rng = clips, rows, np.random.default_rng(seed)

    def next(self, count: int, device) -> tuple:
        which = self.rng.integers(len(self.clips), size=count)
        clips, rows = tensor(self.clips[which], device), []
        for i, row in enumerate(self.rows[which].tolist()):
            other = data.mirrored(row) if self.rng.random() < .5 else None
            if other:
                clips[i] = clips[i].flip(-1)
            rows.append(other or row)
        gain = 1 + .06 * torch.randn(count, 1, 1, 1, 1, device=device)
        noise = .02 * torch.rand(count, 1, 1, 1, 1, device=device)
        clips = (clips * gain + noise * torch.randn_like(clips)).clamp(0, 1)
        return clips, torch.tensor(rows, device=device)


def loss_of(scores: dict, rows: torch.Tensor) -> torch.Tensor:
    total = 0
    for column, (name, weight) in enumerate(WEIGHTS.items()):
        wanted = rows[:, column]
        each = F.cross_entropy(scores[name].float(), wanted, ignore_index=-1, reduction="sum")
        total = total + weight * each / max(1, int((wanted >= 0).sum()))
    return total


def share_right(net: Judge, clips, rows) -> dict:
    """fact -> share of the clips that have it and are read right."""
    got = classes(net, clips)
    return {name: float((got[:, i] == rows[:, i])[rows[:, i] >= 0].mean())
            for i, name in enumerate(data.CLASSES)}


def words(shares: dict) -> str:
    return ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())


def schedule(step: int, last: int) -> float:
    """Rises for a twentieth, then falls along a cosine."""
    return RATE * min(1, (step + 1) / (last / 20)) * (.5 + .5 * np.cos(np.pi * step / last)) + 1e-6


def train(work: Path, clips=CLIPS, steps=STEPS, threads=2) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(threads)
    data.draw(work, "judge check", CHECKS, threads)
    data.draw(work, "judge", clips, threads)
    batches = Batches(*data.load(work, "judge", clips), seed=time.time_ns())
    check = data.load(work, "judge check", CHECKS)
    torch.manual_seed(0)
    net = Judge().to(device)
    opt = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=.02)
    step, path = 0, path_of(work)
    if path.exists():
        state = torch.load(path, map_location=device, weights_only=True)
        net.load_state_dict(state["net"]), opt.load_state_dict(state["opt"])
        step = state["step"]
    first, began, saved, mean = step, time.time(), time.time(), None
    while step < steps:
        net.train()
        seen, rows = batches.next(BATCH, device)
        for group in opt.param_groups:
            group["lr"] = schedule(step, steps)
        with torch.autocast(device, torch.bfloat16):
            loss = loss_of(net(seen), rows)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.)
        opt.step()
        step += 1
        mean = loss.item() if mean is None else mean + .02 * (loss.item() - mean)
        if step % 25 == 0:
            rate = (step - first) / (time.time() - began)
            print(f"{time.strftime('%H:%M:%S')} judge: step {step} of {steps}, {rate:.2f}/s, "
                  f"{(steps - step) / rate / 60:.0f} min left, loss {mean:.3f}", flush=True)
        if time.time() - saved > SAVE or step == steps:
            tmp = path.with_suffix(".tmp")
            torch.save({"net": net.state_dict(), "opt": opt.state_dict(), "step": step}, tmp)
            tmp.replace(path)
            saved = time.time()
            print(f"judge: right on unseen drawn clips: {words(share_right(net, *check))}",
                  flush=True)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--work", type=Path, default=Path(__file__).parents[1] / "work" / "measure")
    p.add_argument("--clips", type=int, default=CLIPS, help="drawn clips of each kind")
    p.add_argument("--steps", type=int, default=STEPS)
    p.add_argument("--threads", type=int, default=2)
    args = p.parse_args()
    train(args.work, args.clips, args.steps, args.threads)


if __name__ == "__main__":
    main()
