#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes blue_noise.c: the order in which a 64 x 64 torus is filled most evenly.

Void and cluster (R. Ulichney, "The void-and-cluster method for dither array generation", 1993).
Needs numpy. Usage: make_blue_noise.py > blue_noise.c
"""

import numpy as np

SIZE = 64
SIGMA = 1.5
FIRST_POINTS = SIZE * SIZE // 10

HEAD = """/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Written by make_blue_noise.py. */
#include "media/dither.h"

const uint8_t t2v_blue_noise[T2V_DITHER_SIZE][T2V_DITHER_SIZE] = {"""


def kernel():
    """Gaussian around (0, 0) of the torus."""
    distance = np.minimum(np.arange(SIZE), SIZE - np.arange(SIZE))
    return np.exp(-(distance[:, None] ** 2 + distance[None, :] ** 2) / (2 * SIGMA**2))


class Pattern:
    """Points on the torus and how crowded each place is."""

    def __init__(self, points):
        self.points = points.copy()
        self.gauss = kernel()
        self.energy = np.zeros((SIZE, SIZE))
        for place in np.argwhere(points):
            self.energy += np.roll(self.gauss, place, (0, 1))

    def set(self, place, value):
        self.points[place] = value
        self.energy += (1 if value else -1) * np.roll(self.gauss, place, (0, 1))

    def cluster(self):
        """The most crowded point."""
        return self.find(np.where(self.points, self.energy, -np.inf).argmax())

    def void(self):
        """The emptiest place without a point."""
        return self.find(np.where(self.points, np.inf, self.energy).argmin())

    @staticmethod
    def find(index):
        return tuple(int(i) for i in np.unravel_index(index, (SIZE, SIZE)))


def first_pattern():
    """Random points, moved from clusters to voids until that changes nothing."""
    points = np.zeros(SIZE * SIZE, bool)
    points[np.random.default_rng(1).permutation(SIZE * SIZE)[:FIRST_POINTS]] = True
    pattern = Pattern(points.reshape(SIZE, SIZE))
    while True:
        cluster = pattern.cluster()
        pattern.set(cluster, False)
        void = pattern.void()
        pattern.set(void, True)
        if void == cluster:
            return pattern


def ranks():
    rank = np.zeros((SIZE, SIZE), int)
    first = first_pattern()
    pattern = Pattern(first.points)
    for i in reversed(range(FIRST_POINTS)):
        place = pattern.cluster()
        pattern.set(place, False)
        rank[place] = i
    pattern = Pattern(first.points)
    for i in range(FIRST_POINTS, SIZE * SIZE):
        place = pattern.void()
        pattern.set(place, True)
        rank[place] = i
    return rank


def main():
    print(HEAD)
    for row in ranks() * 256 // (SIZE * SIZE):
        print("    {" + ", ".join(str(value) for value in row) + "},")
    print("};")


if __name__ == "__main__":
    main()
