"""Things of which a scene shows few or many."""

import numpy as np

MOST = 1024
GOLDEN = (5**0.5 - 1) / 2


class Crowd:
    """Random numbers for each of `count` things, those that are far first.

    Numbers are drawn for MOST things, then cut. So few are some of the many, and neither how many
    there are nor their colours move one of them: a model has one arrangement to learn, not one for
    every density.
    """

    def __init__(self, rng, count):
        self.rng, self.count = rng, min(count, MOST)
        near = rng.random(MOST)[: self.count]
        self._order = np.argsort(near)
        self.near = near[self._order]  # 0 to 1, rising

    def _cut(self, numbers):
        return numbers[..., : self.count][..., self._order]

    def uniform(self, low, high, *rows):
        """[*rows, count]"""
        return self._cut(self.rng.uniform(low, high, (*rows, MOST)))

    def random(self, *rows):
        return self.uniform(0, 1, *rows)

    def normal(self, width, *rows):
        return self._cut(self.rng.normal(0, width, (*rows, MOST)))

    def sign(self, *rows):
        return np.where(self.random(*rows) < 0.5, -1, 1)

    def spread(self):
        """Places from 0 to 1, of which any number lie well apart: multiples of the golden ratio."""
        return self._cut((self.rng.random() + GOLDEN * np.arange(MOST)) % 1)
