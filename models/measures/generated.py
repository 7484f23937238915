"""Clips that the model makes, through the command `t2v`, and what is kept of them.

Nothing is picked: each prompt is asked for with the same seeds. A clip is made once for a model and
kept in the work folder under the model's hash.
"""

import hashlib
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import y4m
from .thumbs import FRAMES, LOOKS, RATE, to_bytes

SIZE = (512, 288)


@dataclass(frozen=True)
class Request:
    prompt: str
    seed: int
    frames: int = FRAMES
    whole: bool = False  # keep every frame's thumbnail, not just those that the judge looks at


@dataclass
class Clip:
    thumbs: np.ndarray  # bytes [n, HEIGHT, WIDTH, 3]
    columns: np.ndarray  # mean change of luma from each column to the next, [w - 1]
    rows: np.ndarray  # [h - 1]

    @property
    def looks(self) -> np.ndarray:
        """What the judge looks at."""
        return self.thumbs if len(self.thumbs) == len(LOOKS) else self.thumbs[list(LOOKS)]


class Command:
    """The command `t2v` with one model."""

    def __init__(self, t2v: str, model: Path, threads: int):
        self.t2v, self.model, self.threads = t2v, model, threads

    def open(self, prompt: str, seed: int, frames: int, threads=None) -> subprocess.Popen:
        """A running process that writes y4m to its standard output."""
        width, height = SIZE
        return subprocess.Popen(
            [self.t2v, "generate", "--model", str(self.model), "--prompt", prompt, "--quiet",
             "--width", str(width), "--height", str(height), "--rate", str(RATE),
             "--frames", str(frames), "--seed", str(seed),
             "--threads", str(threads or self.threads), "-o", "-"],
            stdout=subprocess.PIPE)

    def frames(self, prompt: str, seed: int, frames: int, threads=None):
        """Yields the planes of each picture; fails when fewer come than were asked for."""
        count = 0
        process = self.open(prompt, seed, frames, threads)
        try:
            for planes in y4m.read(process.stdout):
                count += 1
                yield planes
        finally:
            process.stdout.close()
            status = process.wait()
        if status or count != frames:
            raise RuntimeError(f"t2v ended with status {status} after {count} of {frames} frames "
                               f"of {prompt!r}")


def changes(luma: np.ndarray) -> tuple:
    """Mean absolute change of luma across each border of columns and of rows."""
    luma = luma.astype(np.int16)
    return np.abs(np.diff(luma, axis=1)).mean(0), np.abs(np.diff(luma, axis=0)).mean(1)


def summary(pictures, whole: bool) -> Clip:
    thumbs, columns, rows = [], 0, 0
    for index, planes in enumerate(pictures):
        if whole or index in LOOKS:
            thumbs.append(to_bytes(y4m.thumbnail(planes)))
            across = changes(planes[0])
            columns, rows = columns + across[0], rows + across[1]
    return Clip(np.stack(thumbs), columns / len(thumbs), rows / len(thumbs))


def hash_of(model: Path) -> str:
    """Changes with any file of the model."""
    files = sorted(p for p in model.rglob("*") if p.is_file()) if model.is_dir() else [model]
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(model)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Store:
    """Makes clips that are missing, several at a time, and keeps them."""

    def __init__(self, command: Command, folder: Path, jobs: int):
        self.command, self.folder, self.jobs = command, folder, jobs
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, request: Request) -> Path:
        name = hashlib.sha256(repr(request).encode()).hexdigest()[:20]
        return self.folder / f"{name}.npz"

    def make(self, request: Request) -> None:
        # one thread for each clip: several clips at a time keep the processors busier
        pictures = self.command.frames(request.prompt, request.seed, request.frames, threads=1)
        clip = summary(pictures, request.whole)
        path = self.path(request)
        tmp = path.with_suffix(f".{os.getpid()}.tmp.npz")
        np.savez_compressed(tmp, thumbs=clip.thumbs, columns=clip.columns, rows=clip.rows,
                            request=repr(request))
        os.replace(tmp, path)

    def clips(self, requests: list, what: str) -> list:
        """The clips in the order of their requests."""
        missing = [r for r in dict.fromkeys(requests) if not self.path(r).exists()]
        began = last = time.time()
        with ThreadPoolExecutor(self.jobs) as pool:
            for done, _ in enumerate(pool.map(self.make, missing), 1):
                if time.time() - last > 20 or done == len(missing):
                    last = time.time()
                    rate = done / (last - began)
                    print(f"{time.strftime('%H:%M:%S')} {what}: {done} of {len(missing)} clips, "
                          f"{60 * rate:.1f} a minute, {(len(missing) - done) / rate / 60:.0f} min "
                          "left", flush=True)
        return [self.load(r) for r in requests]

    def load(self, request: Request) -> Clip:
        with np.load(self.path(request)) as f:
            return Clip(f["thumbs"], f["columns"], f["rows"])
