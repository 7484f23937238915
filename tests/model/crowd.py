"""A scene with few things shows some of those that it shows when they are many.

    tests/model/crowd.py: ends with 0 if it does
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models.scenes.crowd import Crowd  # noqa: E402


def things(count):
    rng = np.random.default_rng(7)
    crowd = Crowd(rng, count)
    places, near, spread = crowd.uniform(-1, 1, 2), crowd.near, crowd.spread()
    assert places.shape == (2, count) and np.all(np.diff(near) >= 0)
    assert np.diff(np.sort(spread)).min() > 0.3 / count
    return set(zip(*places, near, spread)), rng.random()


few, after_few = things(20)
many, after_many = things(60)
assert few < many, "few things are none of the many"
assert after_few == after_many, "what comes after them depends on their number"
print(f"{len(few)} of {len(many)}")
