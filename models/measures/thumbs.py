"""Small pictures that the judge and the distances look at, shrunk by area from any size."""

import functools

import numpy as np

WIDTH, HEIGHT = 96, 54
FRAMES, RATE = 33, 24  # of a clip that is measured
# Four moments of three frames each: near ones tell fast motion, far ones slow motion.
LOOKS = tuple(start + step for start in (0, 9, 18, 27) for step in (0, 1, 4))


@functools.cache
def area(source: int, target: int) -> np.ndarray:
    """[target, source]: each row averages the samples that lie under one larger one."""
    edges = np.linspace(0, source, target + 1)[:, None]
    place = np.arange(source)[None]
    cover = np.minimum(edges[1:], place + 1) - np.maximum(edges[:-1], place)
    cover = np.clip(cover, 0, 1)
    return (cover / cover.sum(1, keepdims=True)).astype(np.float32)


def shrink_plane(plane: np.ndarray) -> np.ndarray:
    """[..., h, w] -> [..., HEIGHT, WIDTH]."""
    return area(plane.shape[-2], HEIGHT) @ plane @ area(plane.shape[-1], WIDTH).T


def shrink(frames: np.ndarray) -> np.ndarray:
    """RGB [n, h, w, 3] in [0, 1] -> bytes [n, HEIGHT, WIDTH, 3]."""
    small = shrink_plane(np.moveaxis(np.asarray(frames, np.float32), -1, 1))
    return to_bytes(np.moveaxis(small, 1, -1))


def to_bytes(frames: np.ndarray) -> np.ndarray:
    return (np.clip(frames, 0, 1) * 255 + 0.5).astype(np.uint8)
