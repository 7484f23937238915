"""Drawn clips with random numbers of their own: no clip that trained the model is among them."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the products are small: more threads spin
import numpy as np  # noqa: E402

from models.scenes import KINDS  # noqa: E402
from models.scenes.view import View  # noqa: E402

from .thumbs import FRAMES, LOOKS, RATE, shrink  # noqa: E402

SIZE = (512, 288)
# The first of five numbers that seed a clip; the clips of models/train have four numbers.
SPLITS = {"judge": 7001, "judge check": 7002, "codec": 7003, "prompts": 7004, "twins": 7005}


def random(split: str, kind: str, *numbers: int) -> np.random.Generator:
    return np.random.default_rng([SPLITS[split], 0, 0, sum(map(ord, kind)), len(kind), *numbers])


def frames_of(facts, rng, size=SIZE, which=range(FRAMES)) -> np.ndarray:
    """RGB [n, h, w, 3] in [0, 1]: some frames of a clip at a random time."""
    times = rng.uniform(0, 20) + np.asarray(which) / RATE
    seed = int(rng.integers(1 << 30))
    return KINDS[facts["kind"]].draw(facts, seed, times, View(*size))


def looks(split: str, kind: str, number: int, size=SIZE) -> tuple:
    """(facts, the frames that the judge looks at) of one clip."""
    rng = random(split, kind, number)
    facts = KINDS[kind].facts(rng)
    return facts, shrink(frames_of(facts, rng, size, LOOKS))
