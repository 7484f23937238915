"""Shaded solids and lines, drawn only where they land."""

import numpy as np

from models.scenes import palette
from models.scenes.particles import boxes


def sphere(view, image, x, y, radius, colour, squash=1.0):
    """A ball lit from the upper left; squash < 1 flattens it."""
    for _, box, dx, dy in boxes(view, [x], [y], radius * 1.05):
        dx, dy = dx / np.float32(radius), dy / np.float32(radius * squash)
        r2 = dx * dx + dy * dy
        z = np.sqrt(np.maximum(1 - r2, 0))
        light = np.clip(0.12 + 0.95 * (-0.4 * dx - 0.5 * dy + 0.77 * z), 0, 1)
        rim = 0.25 * (1 - z) ** 3
        shine = np.clip(-0.34 * dx - 0.48 * dy + 0.81 * z, 0, 1) ** 28
        dark, base, bright = (np.float32(c) for c in colour[:3])
        body = dark * 0.8 + (light[..., None] ** 0.9) * (base * 1.06 - dark * 0.8)
        body = body + rim[..., None] * base + (0.75 * shine)[..., None] * (bright - body)
        cover = np.clip((1 - np.sqrt(r2)) * radius / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
        image[box] += cover * (np.clip(body, 0, 1) - image[box])


def segment(dx, dy, ex, ey):
    """Distance of points (dx, dy) from the line that goes from (0, 0) to (ex, ey)."""
    h = np.clip((dx * ex + dy * ey) / max(ex * ex + ey * ey, 1e-9), 0, 1)
    return np.sqrt((dx - h * ex) ** 2 + (dy - h * ey) ** 2)


def line(view, image, a, b, width, colour, alpha=1.0, additive=True):
    """A soft line from a to b."""
    ax, ay = a
    ex, ey = b[0] - ax, b[1] - ay
    reach = max(abs(ex), abs(ey)) / 2 + width * 2
    for _, box, dx, dy in boxes(view, [ax + ex / 2], [ay + ey / 2], reach):
        # the box is a square: cut it down to the line's own bounds
        inside_x = np.flatnonzero(np.abs(dx[0]) <= abs(ex) / 2 + 2 * width + view.pixel)
        inside_y = np.flatnonzero(np.abs(dy[:, 0]) <= abs(ey) / 2 + 2 * width + view.pixel)
        if not len(inside_x) or not len(inside_y):
            continue
        cols = slice(inside_x[0], inside_x[-1] + 1)
        rows = slice(inside_y[0], inside_y[-1] + 1)
        d = segment(dx[:, cols] + ex / 2, dy[rows] + ey / 2, ex, ey)
        cover = (np.clip((width - d) / max(width, 1.5 * view.pixel) + 0.5, 0, 1) * alpha)[..., None]
        part = image[box][rows, cols]
        part += cover * (colour if additive else colour - part)


def polygon(dx, dy, corners):
    """Signed distance, inside exact, of points from a convex polygon."""
    corners = np.asarray(corners, np.float32)
    after = np.roll(corners, -1, 0)
    area = (corners[:, 0] * after[:, 1] - after[:, 0] * corners[:, 1]).sum()
    d = None
    for (ax, ay), (bx, by) in zip(corners, after) if area > 0 else zip(after, corners):
        length = np.hypot(bx - ax, by - ay) + 1e-9
        side = ((dx - ax) * (by - ay) - (dy - ay) * (bx - ax)) / length
        d = side if d is None else np.maximum(d, side)
    return d


def stage(view, background, floor):
    """A wall and a floor that meet softly."""
    back = palette.backdrop(view, background)
    below = np.clip((view.y - floor) / 0.03 + 0.5, 0, 1)[..., None]
    if back.mean() > 0.5:
        return back * (1 - 0.10 * below)
    return back * (1 + 0.35 * below) + 0.03 * below


def shadow(view, image, x, floor, radius, height, tint):
    """What a thing above the floor casts on it; it spreads and fades with height."""
    spread = radius * (0.85 + 0.9 * height)
    d = ((view.x - x) / spread) ** 2 + ((view.y - floor) / (spread * 0.22)) ** 2
    strength = (np.exp(-d) * max(0.55 - 0.4 * height, 0.1)).astype(np.float32)[..., None]
    image += strength * (0.12 * np.asarray(tint, np.float32) - image)


def polyline(view, image, points, width, colour, alpha=1.0, additive=True):
    """A soft line through points, without brighter joints."""
    points = np.asarray(points, np.float32)
    low, high = points.min(0), points.max(0)
    middle = (low + high) / 2
    reach = float((high - low).max()) / 2 + 2 * width
    for _, box, dx, dy in boxes(view, [middle[0]], [middle[1]], reach):
        cols = np.flatnonzero(np.abs(dx[0]) <= (high - low)[0] / 2 + 2 * width + view.pixel)
        rows = np.flatnonzero(np.abs(dy[:, 0]) <= (high - low)[1] / 2 + 2 * width + view.pixel)
        if not len(cols) or not len(rows):
            continue
        window = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        dx, dy = dx[:, window[1]], dy[window[0]]
        d = np.full((dy.shape[0], dx.shape[1]), 9, np.float32)
        for a, b in zip(points[:-1] - middle, points[1:] - middle):
            near = np.s_[
                slice(*np.searchsorted(dy[:, 0], _span(a[1], b[1], 2 * width))),
                slice(*np.searchsorted(dx[0], _span(a[0], b[0], 2 * width))),
            ]
            part = segment(dx[:, near[1]] - a[0], dy[near[0]] - a[1], *(b - a))
            d[near] = np.minimum(d[near], part)
        cover = (np.clip((width - d) / max(width, 1.5 * view.pixel) + 0.5, 0, 1) * alpha)[..., None]
        part = image[box][window]
        part += cover * (colour if additive else colour - part)


def _span(a, b, margin):
    return min(a, b) - margin, max(a, b) + margin
