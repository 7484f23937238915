"""What all measures share: the model, the work folder, kinds and seeds, the judge; and rows."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from models.scenes import KINDS

from .generated import Command, Store

SEEDS, QUICK_SEEDS = range(10), range(2)
ENOUGH = .98  # of the kinds that the judge has to read right before it may decide


@dataclass
class Row:
    """One line of the table; reached is None where nothing decides."""

    what: str
    measured: str
    wanted: str = ""
    reached: bool | None = None


@dataclass
class Bench:
    command: Command
    work: Path  # for this model
    store: Store
    kinds: list
    quick: bool
    judge: object = None  # the network, or None where there is none yet
    judge_right: dict = field(default_factory=dict)  # fact -> share, on unseen drawn clips
    by_kind: dict = field(default_factory=dict)  # kind -> {column: words}

    @property
    def seeds(self):
        return QUICK_SEEDS if self.quick else SEEDS

    def note(self, kind: str, column: str, words: str) -> None:
        self.by_kind.setdefault(kind, {})[column] = words

    def judged(self, reached: bool) -> bool | None:
        """What follows from the judge's word: nothing while it errs too often."""
        return reached if self.judge_right.get("kind", 0) >= ENOUGH else None

    def remember(self, name: str, make: Callable):
        """A result as JSON, made once for this model."""
        path = self.work / "results" / f"{name}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            tmp = path.with_suffix(".tmp")
            tmp.write_text(json.dumps(make()))
            os.replace(tmp, path)
        return json.loads(path.read_text())


def one_of_each_group() -> list:
    """The first kind of each group."""
    first = {}
    for kind, module in KINDS.items():
        first.setdefault(module.GROUP, kind)
    return list(first.values())


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values) if values else float("nan")
