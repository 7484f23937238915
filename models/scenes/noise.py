"""Smooth endless noise in x, y and time, about normal: mean 0, deviation 1."""

import numpy as np


class Noise:
    """Cubic B-splines over a lattice of hashed values, one unit apart.

    On a grid of columns and rows a B-spline is a product of three matrices, which makes
    an octave almost free at full size. Noise at arbitrary points costs gathers: do it coarse.
    """

    def __init__(self, seed):
        self.seed = seed

    def __call__(self, x, y, t=0.0):
        """x [1, w], y [h, 1] -> [h, w]."""
        x0, bx = _spline(np.ravel(x))
        y0, by = _spline(np.ravel(y))
        return by @ self._layer(x0, bx.shape[1], y0, by.shape[1], t) @ bx.T

    def fbm(self, x, y, t=0.0, octaves=4, gain=0.5):
        """Octaves of finer and weaker noise; finer ones also change faster."""
        total, norm = 0.0, 0.0
        for o in range(octaves):
            total = total + gain**o * self(x * 2**o + 17.3 * o, y * 2**o + 9.1 * o, t * 1.5**o)
            norm += gain ** (2 * o)
        return total / np.float32(np.sqrt(norm))

    def at(self, x, y, t=0.0):
        """Noise at arbitrary points: x and y are arrays of one shape."""
        x, y = np.broadcast_arrays(x, y)
        x0, y0 = int(np.floor(x.min())) - 1, int(np.floor(y.min())) - 1
        nx, ny = int(np.floor(x.max())) + 3 - x0, int(np.floor(y.max())) + 3 - y0
        lattice = self._layer(x0, nx, y0, ny, t).ravel()
        ix, iy = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
        wx, wy = _taps(x - ix), _taps(y - iy)
        corner = (iy - 1 - y0) * nx + ix - 1 - x0
        total = 0.0
        for j in range(4):
            row = sum(wx[i] * lattice[corner + j * nx + i] for i in range(4))
            total = total + wy[j] * row
        return total

    def line(self, x, t=0.0):
        """Noise along a line, x [n] -> [n]; t may be an array of the same length."""
        x, t = np.broadcast_arrays(np.float32(x), np.float32(t))
        ix, it = np.floor(x).astype(np.int64), np.floor(t).astype(np.int64)
        wx, wt = _taps(x - ix), _taps(t - it)
        total = 0.0
        for j in range(4):
            for i in range(4):
                total = total + wx[i] * wt[j] * self.hash(ix + i - 1, it * 0 + 77, it + j - 1)
        return total * np.float32(3.61)

    def _layer(self, x0, nx, y0, ny, t):
        """The lattice [ny, nx] at a time."""
        k = int(np.floor(t))
        ix, iy = np.arange(x0, x0 + nx)[None], np.arange(y0, y0 + ny)[:, None]
        w = _taps(np.float32(t - k))
        layer = sum(w[j] * self.hash(ix, iy, k + j - 1) for j in range(4))
        # uniform deviates have a deviation of 0.289, three splines keep a third of it
        return layer * np.float32(10.4 / 2)

    def hash(self, ix, iy, it):
        """Integers -> uniform in [-1, 1)."""
        h = (
            np.asarray(ix, np.int64) * 0x9E3779B1
            + np.asarray(iy, np.int64) * 0x85EBCA77
            + np.asarray(it, np.int64) * 0xC2B2AE3D
            + self.seed * 0x27D4EB2F
        ) & 0xFFFFFFFF
        for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
            h = ((h ^ (h >> shift)) * factor) & 0xFFFFFFFF
        h ^= h >> 15
        return (h.astype(np.float32) / np.float32(2**31)) - np.float32(1)


def _taps(f):
    """Cubic B-spline weights of the four neighbours at fraction f."""
    f = np.asarray(f, np.float32)
    g = 1 - f
    return (g**3 / 6, (4 - 6 * f**2 + 3 * f**3) / 6, (4 - 6 * g**2 + 3 * g**3) / 6, f**3 / 6)


def _spline(p):
    """Positions -> the first lattice point and the matrix [len(p), points]."""
    i = np.floor(p).astype(int)
    first = i.min() - 1
    matrix = np.zeros((len(p), i.max() + 3 - first), np.float32)
    for k, w in enumerate(_taps(p - i)):
        matrix[np.arange(len(p)), i - 1 - first + k] = w
    return int(first), matrix
