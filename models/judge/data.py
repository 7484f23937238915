"""The judge's own drawn clips, kept as thumbnails, and its labels as numbers."""

import hashlib
import json
import os
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from models import captions, scenes
from models.measures import drawn
from models.scenes import KINDS
from models.scenes.motion import SPEED
from models.scenes.palette import COLOURS

SHARD = 5  # clips of one kind in a file
SMALL = (192, 108)  # of seven clips in eight: a fraction of the cost, and nearly the same thumbnail
MIRROR = {
    "left": "right",
    "down left": "down right",
    "wind left": "wind right",
    "clockwise": "counterclockwise",
}
ONE_SIDED = ("countdown", "clock")  # mirrored, these show what no clip shows
CLASSES = {
    "kind": tuple(KINDS),
    "colour": (*COLOURS, "black", "colourful"),
    "colour2": (None, *COLOURS),
    "direction": tuple(captions.ENGLISH["direction"]),
    "speed": tuple(SPEED),
}


def labels(facts: dict) -> list:
    """The class of each fact, -1 where the kind has no such fact."""
    row = []
    for name, classes in CLASSES.items():
        given = name in facts and (name != "colour2" or facts["colour"] != "colourful")
        row.append(classes.index(facts[name]) if given else -1)
    return row


def mirrored(row: list) -> list | None:
    """The labels of the clip seen in a mirror; None where there is no such clip."""
    names = list(CLASSES)
    kind, way = (names.index(name) for name in ("kind", "direction"))
    if CLASSES["kind"][row[kind]] in ONE_SIDED:
        return None
    out = list(row)
    if row[way] >= 0:
        turned = {**MIRROR, **{b: a for a, b in MIRROR.items()}}
        value = CLASSES["direction"][row[way]]
        out[way] = CLASSES["direction"].index(turned.get(value, value))
    return out


def version(kind: str) -> str:
    """Changes with the code that draws a kind."""
    folder = Path(scenes.__file__).parent
    shared = [p for p in sorted(folder.glob("*.py")) if p.stem not in KINDS and p.stem[0] != "_"]
    digest = hashlib.sha256()
    for path in (folder / f"{kind}.py", *shared):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def path_of(work: Path, split: str, kind: str, shard: int) -> Path:
    return work / "judge" / split / f"{kind}-{version(kind)}-{shard:03}.npz"


def make(job) -> None:
    path, split, kind, shard = job
    clips, about = [], []
    for number in range(shard * SHARD, (shard + 1) * SHARD):
        full = split != "judge" or number % 8 == 0
        facts, looks = drawn.looks(split, kind, number, drawn.SIZE if full else SMALL)
        clips.append(looks)
        about.append(labels(facts))
    path.parent.mkdir(parents=True, exist_ok=True)
    tmp = path.with_suffix(f".{os.getpid()}.tmp.npz")
    np.savez(tmp, clips=np.stack(clips), labels=np.array(about), facts=json.dumps(CLASSES))
    os.replace(tmp, path)


def draw(work: Path, split: str, clips: int, threads: int) -> None:
    """Draw what is missing of so many clips of each kind."""
    jobs = [(path_of(work, split, kind, shard), split, kind, shard)
            for shard in range(-(-clips // SHARD)) for kind in KINDS]
    jobs = [job for job in jobs if not job[0].exists()]
    began = last = time.time()
    with get_context("fork").Pool(threads) as pool:
        for done, _ in enumerate(pool.imap_unordered(make, jobs), 1):
            if time.time() - last > 20 or done == len(jobs):
                last = time.time()
                rate = done * SHARD / (last - began)
                print(f"{time.strftime('%H:%M:%S')} {split}: {done * SHARD} of {len(jobs) * SHARD} "
                      f"clips drawn, {rate:.1f}/s, "
                      f"{(len(jobs) - done) * SHARD / rate / 60:.0f} min left", flush=True)


def load(work: Path, split: str, clips: int) -> tuple:
    """Bytes [n, looks, h, w, 3] and labels [n, facts] of all kinds."""
    parts = []
    for kind in KINDS:
        for shard in range(-(-clips // SHARD)):
            path = path_of(work, split, kind, shard)
            with np.load(path) as f:
                if str(f["facts"]) != json.dumps(CLASSES):
                    raise SystemExit(f"{path}: other kinds or facts than the code's; remove "
                                     f"{path.parent}")
                parts.append((f["clips"], f["labels"]))
    return tuple(np.concatenate(column) for column in zip(*parts))
