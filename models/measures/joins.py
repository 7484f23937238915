"""A minute's stream: what can be seen where one chunk continues another, and whether it wears out.

Chunks are found by arithmetic: the first has as many frames as the model's t2v.json says, later
ones eight for each latent frame that they are not given by the one before.
"""

import json
import time

import numpy as np

from . import prompts, y4m
from .bench import Bench, Row, mean, one_of_each_group, percent
from .generated import changes
from .thumbs import RATE

SECONDS, QUICK_SECONDS = 60, 10
LATENT = 8  # frames
NEAR = 6  # frames on either side of a join
JUMP = 1.2
ENDS = 4  # the first quarter of a stream is compared with the last
STEADY = .10  # how much sharpness and colour may change, relative
STILL = .25  # of 255: less change than this is none


def join_frames(settings: dict, frames: int) -> list:
    """Numbers of the frames that begin a chunk, but for the first."""
    chunk, context = settings["chunk"], settings["context"]
    fresh = LATENT * ((chunk - 1) // LATENT + 1 - context)
    return list(range(chunk, frames, fresh))


def jump(change: np.ndarray, join: int) -> float:
    """Change into a chunk over the median of its neighbours; change[i] is from frame i to i + 1."""
    at = join - 1
    near = np.concatenate([change[max(at - NEAR, 0):at], change[at + 1:at + 1 + NEAR]])
    return float(change[at] / max(np.median(near), STILL))


def jumps_of(shown: dict) -> dict:
    """Jumps into chunks, into other latent frames, and in the middle of latent frames."""
    change, joins = np.array(shown["change"]), shown["joins"]
    borders = [k for k in range(1 + LATENT, len(change), LATENT) if k not in joins]
    inside = [k + LATENT // 2 for k in borders if k + LATENT // 2 < len(change)]
    return {name: np.array([jump(change, k) for k in places])
            for name, places in (("joins", joins), ("latents", borders), ("inside", inside))}


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(np.float32) - b).mean())


def mixture(thumbs: np.ndarray, centre: int) -> float:
    """What is left of the frames around one moment when they are taken for mixtures of the outer
    two, relative to the distance of these; 0: a perfect dissolve."""
    span = thumbs[centre - NEAR:centre + NEAR].astype(np.float32).reshape(2 * NEAR, -1)
    first, way = span[0], span[-1] - span[0]
    length = float(way @ way)
    if length < STILL ** 2 * way.size:
        return 1.
    inner = span[1:-1] - first
    share = inner @ way / length
    rest = np.square(inner - share[:, None] * way).sum(1)
    return float(np.sqrt(rest.mean() / length))


def dissolved(thumbs: np.ndarray, joins: list) -> list:
    """Joins around which pictures are mixed far more than half-way between joins.

    None where all pictures are so soft that any motion looks like a mixture.
    """
    inside = [j for j in joins if NEAR <= j <= len(thumbs) - NEAR]
    step = joins[1] - joins[0] if len(joins) > 1 else joins[0]
    between = [j - step // 2 for j in inside if j - step // 2 >= NEAR]
    usual = np.median([mixture(thumbs, j) for j in between])
    return [j for j in inside if mixture(thumbs, j) < .75 * usual] if usual > .2 else []


def backwards(thumbs: np.ndarray, joins: list) -> list:
    """Joins behind which the frames before them come again in reverse."""
    step = joins[1] - joins[0] if len(joins) > 1 else joins[0]
    reach = step // 2

    def mirror(centre):
        return np.mean([distance(thumbs[centre + i], thumbs[centre - 1 - i])
                        for i in range(2, reach)])

    inside = [j for j in joins if j >= reach and j + reach <= len(thumbs)]
    usual = np.median([mirror(j - reach) for j in inside if j - 2 * reach >= 0])
    return [j for j in inside if mirror(j) < .35 * usual]


def repeated(thumbs: np.ndarray, joins: list) -> list:
    """Chunks nearer, frame by frame, to one before them than neighbouring frames are."""
    size = joins[1] - joins[0] if len(joins) > 1 else joins[0]
    # every fourth pixel is plenty for this
    small = thumbs[:, ::2, ::2].astype(np.float32)
    step = np.median(np.abs(np.diff(small, axis=0)).mean((1, 2, 3)))
    chunks = [small[j - size:j] for j in (joins[0], *(j + size for j in joins))
              if size <= j <= len(small)]
    return [k for k in range(1, len(chunks))
            if any(distance(chunks[k], before) < step for before in chunks[:k])]


def watch(pictures) -> tuple:
    """Thumbnails, changes from frame to frame (of 255), and sharpness of each frame."""
    thumbs, change, sharp, last = [], [], [], None
    for planes in pictures:
        luma = planes[0].astype(np.int16)
        if last is not None:
            change.append(np.abs(luma - last).mean())
        last = luma
        sharp.append(sum(float(a.mean()) for a in changes(planes[0])))
        thumbs.append((y4m.thumbnail(planes) * 255).clip(0, 255).astype(np.uint8))
    return np.stack(thumbs), np.array(change), np.array(sharp)


def report(thumbs, change, sharp, joins) -> dict:
    """What a stream's frames show."""
    quarter = len(thumbs) // ENDS
    first, last = (thumbs[part].astype(np.float32).mean((0, 1, 2))
                   for part in (slice(quarter), slice(-quarter, None)))
    return {
        "joins": joins,
        "change": [round(float(c), 3) for c in change],
        "dissolved": len(dissolved(thumbs, joins)),
        "backwards": len(backwards(thumbs, joins)),
        "repeated": len(repeated(thumbs, joins)),
        "sharpness": float(sharp[-quarter:].mean() / max(sharp[:quarter].mean(), 1e-6)),
        "colour": float(np.abs(last - first).mean() / 255),
    }


def stream(bench: Bench, kind: str, seed: int, frames: int) -> dict:
    settings = json.loads((bench.command.model / "t2v.json").read_text())
    text = prompts.plain(prompts.facts_of(kind, 0), "en", 0)
    began = time.time()
    shown = report(*watch(bench.command.frames(text, seed, frames)), join_frames(settings, frames))
    print(f"{time.strftime('%H:%M:%S')} joins: {kind}, seed {seed}, "
          f"{frames / (time.time() - began):.1f} frames/s", flush=True)
    return shown


def rows(bench: Bench) -> list:
    frames = RATE * (QUICK_SECONDS if bench.quick else SECONDS)
    kinds = [k for k in one_of_each_group() if k in bench.kinds] or bench.kinds[:1]
    if bench.quick:
        kinds = kinds[:2]
    work = [(kind, seed) for kind in kinds for seed in (bench.seeds[:1] if bench.quick else
                                                        bench.seeds)]
    shown, began = [], time.time()
    for done, (kind, seed) in enumerate(work, 1):
        shown.append(bench.remember(f"stream-{kind}-{seed}-{frames}",
                                    lambda: stream(bench, kind, seed, frames)))
        left = (time.time() - began) / done * (len(work) - done) / 60
        print(f"{time.strftime('%H:%M:%S')} joins: {done} of {len(work)} streams, "
              f"{left:.0f} min left", flush=True)
    each = [jumps_of(s) for s in shown]
    jumps, latents, inside = (np.concatenate([e[key] for e in each]) for key in each[0])
    over, usual = (float(np.mean(values > JUMP)) for values in (jumps, inside))
    motion = min(float(np.median(s["change"])) for s in shown)
    sharp = [s["sharpness"] for s in shown]
    colour = max(s["colour"] for s in shown)
    wrong = {key: sum(s[key] for s in shown) for key in ("repeated", "backwards", "dissolved")}
    worst = max(sharp, key=lambda v: abs(v - 1))
    return [
        Row(f"joins of {frames // RATE} s streams: change, of neighbours'",
            f"mean {jumps.mean():.2f}, worst {jumps.max():.2f}, {percent(over)} over {JUMP} "
            f"(elsewhere {percent(usual)})", f"at most {JUMP}",
            bool(jumps.mean() <= JUMP and over <= usual + .05)),
        Row(f"change every {LATENT} frames, from latent to latent, of neighbours'",
            f"mean {latents.mean():.2f}", f"at most {JUMP}", bool(latents.mean() <= JUMP)),
        Row("joins: chunks repeated, backwards, dissolved",
            ", ".join(map(str, wrong.values())) + f" of {len(jumps)}", "none",
            not any(wrong.values())),
        Row("end of the stream: sharpness, of the start's", f"mean {mean(sharp):.2f}, worst "
            f"{worst:.2f}", "0.90 to 1.10", abs(mean(sharp) - 1) <= STEADY),
        Row("end of the stream: change of the mean colour", percent(colour), "at most 10 %",
            colour <= STEADY),
        Row("motion: least median change from frame to frame", f"{motion:.2f} of 255",
            f"over {STILL}", motion > STILL),
    ]
