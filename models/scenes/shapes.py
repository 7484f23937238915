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


def stroke(view, image, points, width, colour, alpha=1.0, soft=None, additive=False):
    """A line through points; width: half of its width, one for all points or one for each.

    soft: how far its edge fades, by default as sharply as pixels allow.
    """
    points = np.asarray(points, np.float32)
    widths = np.broadcast_to(np.asarray(width, np.float32), len(points))
    soft = max(1.5 * view.pixel, soft or 0)
    margin = float(widths.max()) + soft
    (x0, y0), (x1, y1) = view.to_pixels(*(points.min(0) - margin)), view.to_pixels(
        *(points.max(0) + margin)
    )
    x0, y0, x1, y1 = (
        max(int(x0), 0),
        max(int(y0), 0),
        min(int(x1) + 2, view.w),
        min(int(y1) + 2, view.h),
    )
    if x0 >= x1 or y0 >= y1:
        return
    x, y = view.x[:, x0:x1], view.y[y0:y1]
    d = None
    for a, b, wa, wb in zip(points[:-1], points[1:], widths[:-1], widths[1:]):
        ex, ey = b - a
        dx, dy = x - a[0], y - a[1]
        along = np.clip((dx * ex + dy * ey) / max(ex * ex + ey * ey, 1e-9), 0, 1)
        off = np.sqrt((dx - along * ex) ** 2 + (dy - along * ey) ** 2) - (wa + along * (wb - wa))
        d = off if d is None else np.minimum(d, off)
    cover = (np.clip(0.5 - d / np.float32(soft), 0, 1) * np.float32(alpha))[..., None]
    part = image[y0:y1, x0:x1]
    part += cover * (colour if additive else colour - part)
