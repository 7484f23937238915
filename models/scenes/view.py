"""Which pixels of a scene are wanted, and the coordinates that they have."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class View:
    """A window of a width × height picture.

    Coordinates are centred, y points down, and one unit is the shorter side of the whole
    picture, so that portrait and landscape look alike.
    """

    width: int
    height: int
    x0: int = 0
    y0: int = 0
    w: int = 0  # 0: the whole width
    h: int = 0

    def __post_init__(self):
        object.__setattr__(self, "w", self.w or self.width - self.x0)
        object.__setattr__(self, "h", self.h or self.height - self.y0)

    @property
    def unit(self):
        """Pixels in one unit."""
        return min(self.width, self.height)

    @property
    def right(self):
        """x of the right edge of the whole picture; the left edge is -right."""
        return self.width / 2 / self.unit

    @property
    def bottom(self):
        return self.height / 2 / self.unit

    @property
    def pixel(self):
        """The size of one pixel in units: what an antialiased edge is wide."""
        return 1 / self.unit

    @cached_property
    def x(self):
        """x of the window's columns, [1, w]."""
        columns = np.arange(self.w) + self.x0 + 0.5
        return ((columns - self.width / 2) / self.unit).astype(np.float32)[None]

    @cached_property
    def y(self):
        """y of the window's rows, [h, 1]."""
        rows = np.arange(self.h) + self.y0 + 0.5
        return ((rows - self.height / 2) / self.unit).astype(np.float32)[:, None]

    def to_pixels(self, x, y):
        """Where a point lies in the window, in pixels."""
        return (
            x * self.unit + self.width / 2 - self.x0 - 0.5,
            y * self.unit + self.height / 2 - self.y0 - 0.5,
        )

    def blank(self, times):
        return np.zeros((len(times), self.h, self.w, 3), np.float32)

    @cached_property
    def coarse(self):
        """The same window on a grid four times coarser: for smooth things that cost much."""
        return Coarse(self, 4)


class Coarse:
    """A coarse grid under a view, anchored to the whole picture so that windows agree."""

    def __init__(self, view, step):
        columns, self._up_x = _upsampler(view.x0, view.w, step)
        rows, self._up_y = _upsampler(view.y0, view.h, step)
        self.x = ((columns - view.width / 2) / view.unit).astype(np.float32)[None]
        self.y = ((rows - view.height / 2) / view.unit).astype(np.float32)[:, None]

    def up(self, values):
        """[rows, columns] on the coarse grid -> [h, w] at full size."""
        return self._up_y @ values @ self._up_x.T


def _upsampler(start, count, step):
    """Positions of the coarse points, and the Catmull-Rom matrix [count, points]."""
    at = (np.arange(count) + start + 0.5) / step
    first = int(np.floor(at[0])) - 1
    points = int(np.floor(at[-1])) + 3 - first
    f = at - np.floor(at)
    taps = np.stack(
        [
            -0.5 * f + f**2 - 0.5 * f**3,
            1 - 2.5 * f**2 + 1.5 * f**3,
            0.5 * f + 2 * f**2 - 1.5 * f**3,
            -0.5 * f**2 + 0.5 * f**3,
        ],
        1,
    )
    matrix = np.zeros((count, points), np.float32)
    column = np.floor(at).astype(int) - 1 - first
    for k in range(4):
        matrix[np.arange(count), column + k] = taps[:, k]
    return (np.arange(points) + first) * step, matrix
