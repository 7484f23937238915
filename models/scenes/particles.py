"""Many small things in one picture, at the cost of where they land."""

import numpy as np

from models.scenes.view import View


def glow(view, x, y, radius, weight, tall=None):
    """A sum of Gaussian dots; weight [n] -> [h, w], weight [n, 3] -> [h, w, 3].

    tall: the vertical radius, where it differs.

    A Gaussian is a product of its row and its column, so all dots are one matrix product.
    """
    radius = np.broadcast_to(np.asarray(radius, np.float32), np.shape(x))
    tall = radius if tall is None else np.broadcast_to(np.asarray(tall, np.float32), np.shape(x))
    near = (
        (x + 3 * radius > view.x[0, 0])
        & (x - 3 * radius < view.x[0, -1])
        & (y + 3 * tall > view.y[0, 0])
        & (y - 3 * tall < view.y[-1, 0])
    )
    x, y, radius, tall = (np.asarray(v, np.float32)[near, None] for v in (x, y, radius, tall))
    weight = np.broadcast_to(weight, (len(near),) + np.shape(weight)[1:])[near]
    weight = np.asarray(weight, np.float32)
    across = np.exp(-(((view.x - x) / radius) ** 2))
    down = np.exp(-(((view.y.T - y) / tall) ** 2))
    if weight.ndim == 1:
        return (down * weight[:, None]).T @ across
    return np.stack([(down * weight[:, c : c + 1]).T @ across for c in range(3)], -1)


def add_glow(view, image, x, y, radius, weight, colour):
    """Add glow of one colour, at the cost of the box that holds all dots."""
    px, py = view.to_pixels(np.asarray(x), np.asarray(y))
    r = 3 * np.max(radius) * view.unit
    x0, x1 = max(int(px.min() - r), 0), min(int(px.max() + r) + 2, view.w)
    y0, y1 = max(int(py.min() - r), 0), min(int(py.max() + r) + 2, view.h)
    if x1 > x0 and y1 > y0:
        part = View(view.width, view.height, view.x0 + x0, view.y0 + y0, x1 - x0, y1 - y0)
        light = glow(part, x, y, radius, weight)
        image[y0:y1, x0:x1] += light[..., None] * np.asarray(colour, np.float32)


def boxes(view, x, y, reach):
    """For each particle that touches the window: its index, slices, and offsets from it."""
    px, py = view.to_pixels(np.asarray(x), np.asarray(y))
    r = np.broadcast_to(np.asarray(reach) * view.unit + 1.5, px.shape)
    x0, x1 = np.maximum(px - r, 0).astype(int), np.minimum(px + r + 1, view.w).astype(int)
    y0, y1 = np.maximum(py - r, 0).astype(int), np.minimum(py + r + 1, view.h).astype(int)
    for i in np.flatnonzero((x1 > x0) & (y1 > y0) & (px + r > 0) & (py + r > 0)):
        box = np.s_[y0[i] : y1[i], x0[i] : x1[i]]
        yield i, box, view.x[:, box[1]] - np.float32(x[i]), view.y[box[0]] - np.float32(y[i])


def edge(distance, softness):
    """Coverage of a shape from its signed distance (negative inside)."""
    return np.clip(0.5 - distance / softness, 0, 1)


def add(image, box, coverage, colour):
    """Light on top of a picture."""
    image[box] += coverage[..., None] * colour


def over(image, box, coverage, colour):
    """An opaque colour over a picture."""
    image[box] += coverage[..., None] * (colour - image[box])


def wrap(position, extent):
    """Endless motion: positions folded into [-extent, extent)."""
    return (position + extent) % (2 * extent) - extent
