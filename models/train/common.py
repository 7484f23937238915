"""What every training command shares: the work folder, the log, checkpoints, the clock."""

import argparse
import os
import time
from pathlib import Path

import torch

# Of a folder's name: clips of scenes as a prompt begins them, first pictures of these, and scenes that change.
OPENINGS, PICTURES, CHANGES = "-openings", "-pictures", "-changes"
DEFAULT_WORK = Path(__file__).resolve().parents[1] / "work"


def parser(doc: str) -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=doc.strip().splitlines()[0])
    p.add_argument("--work", type=Path, default=DEFAULT_WORK, help="data, checkpoints and logs")
    p.add_argument("--threads", type=int, default=2, help="threads of this process")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return p


def start(args) -> None:
    args.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)


def save(state: dict, path: Path) -> None:
    """Write beside the old file and swap, so that a kill never leaves half a checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tmp = path.with_suffix(".tmp")
    torch.save(state, tmp)
    os.replace(tmp, path)


def load(path: Path, device="cpu"):
    return torch.load(path, map_location=device, weights_only=False) if path.exists() else None


def begun(dit: dict, text: dict, step: int) -> dict:
    """A checkpoint of weights alone: they are their own running means, and the optimizers begin anew."""
    return {"dit": dit, "text": text, "ema": [dit, text], "opt": [], "step": step}


def newest(work: Path, names):
    """Of a work folder's checkpoints with these names: the state after the most steps, or None."""
    states = filter(None, (load(work / name) for name in names))
    return max(states, key=lambda state: state["step"], default=None)


class Ema:
    """Running mean of the weights; short memory at first, so that it is of use early."""

    def __init__(self, modules, decay=0.999):
        self.modules, self.decay = modules, decay
        self.shadow = [{k: v.detach().clone() for k, v in m.state_dict().items()} for m in modules]

    @torch.no_grad()
    def update(self, step: int) -> None:
        d = min(self.decay, (1 + step) / (10 + step))
        for shadow, module in zip(self.shadow, self.modules):
            for k, v in module.state_dict().items():
                shadow[k].lerp_(v, 1 - d) if v.is_floating_point() else shadow[k].copy_(v)


class Clock:
    """Rate and time left, for the log."""

    def __init__(self, step: int, last: int):
        self.t0, self.s0, self.last = time.time(), step, last

    def line(self, step: int) -> str:
        rate = (step - self.s0) / max(time.time() - self.t0, 1e-6)
        left = (self.last - step) / max(rate, 1e-6) / 60
        now = time.strftime("%H:%M:%S")
        return f"{now} step {step}/{self.last} {rate:.2f}/s, {left:.0f} min left"
