"""Block edges: whether luma changes more across borders of 8, 16 or 32 pixels than beside them."""

import numpy as np

from . import prompts
from .bench import Bench, Row
from .generated import Request

WANTED = 1.05
REACH = 3  # borders on either side that one is compared with


def ratio(change: np.ndarray, step: int) -> float:
    """Mean change across multiples of step over that across the borders near them.

    change[i] is that from pixel i to i + 1. Near ones, so that a horizon counts on both sides.
    """
    at = np.arange(step - 1, len(change), step)
    at = at[(at >= REACH) & (at < len(change) - REACH)]
    beside = np.mean([change[at + k] for k in range(-REACH, REACH + 1) if k], 0)
    return float(change[at].sum() / max(beside.sum(), 1e-9))


def worst(columns: np.ndarray, rows_: np.ndarray) -> tuple:
    """(ratio, words) of the worst of all directions and steps."""
    return max((ratio(change, step), f"{name} of {step}")
               for name, change in (("columns", columns), ("rows", rows_)) for step in (8, 16, 32))


def rows(bench: Bench) -> list:
    requests = [Request(prompts.plain(prompts.facts_of(kind, 0), "en", 0), seed)
                for kind in bench.kinds for seed in bench.seeds]
    clips = bench.store.clips(requests, "block edges")
    value, where = worst(sum(c.columns for c in clips), sum(c.rows for c in clips))
    return [Row(f"block edges: worst ratio ({where})", f"{value:.3f}", "1.05", value <= WANTED)]
