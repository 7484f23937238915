"""Whether other seeds give other clips: as far apart as drawn clips of the same facts are."""

import itertools

import numpy as np

from . import drawn, prompts
from .bench import Bench, Row, mean, percent
from .generated import Request
from .thumbs import LOOKS, shrink

WANTED = .70


def spread(clips: list) -> float:
    """Mean distance (root mean square) between all pairs of clips, bytes [n, h, w, 3]."""
    return mean(float(np.sqrt(np.mean((a.astype(np.float32) - b) ** 2)))
                for a, b in itertools.combinations(clips, 2))


def drawn_twins(facts: dict, count: int) -> list:
    return [shrink(drawn.frames_of(facts, drawn.random("twins", facts["kind"], n), which=LOOKS))
            for n in range(count)]


def rows(bench: Bench) -> list:
    shares = []
    for kind in bench.kinds:
        facts = prompts.facts_of(kind, 0)
        requests = [Request(prompts.plain(facts, "en", 0), seed) for seed in bench.seeds]
        clips = bench.store.clips(requests, f"seeds of {kind}")
        count = len(bench.seeds)
        twins = bench.remember(f"twins-{kind}-{count}", lambda: spread(drawn_twins(facts, count)))
        shares.append(spread([clip.thumbs for clip in clips]) / max(twins, .1))
        bench.note(kind, "seeds", percent(shares[-1]))
    share = mean(shares)
    return [Row("seeds: distance, of that of drawn clips", percent(share), percent(WANTED),
                share >= WANTED)]
