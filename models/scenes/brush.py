"""What the ink paintings share: paper, washes, mountains, strokes."""

import numpy as np

from models.scenes.noise import Noise
from models.scenes.particles import boxes

# paper: light, shade; ink: the deepest tone
TONES = {
    "black": ((0.95, 0.93, 0.87), (0.10, 0.11, 0.12)),
    "blue": ((0.92, 0.94, 0.94), (0.08, 0.20, 0.38)),
    "green": ((0.93, 0.95, 0.87), (0.07, 0.28, 0.24)),
    "purple": ((0.94, 0.91, 0.93), (0.26, 0.15, 0.36)),
    "brown": ((0.96, 0.92, 0.82), (0.28, 0.17, 0.09)),
}
TONE_NAMES = ("black", "black", "blue", "green", "purple", "brown")


def tone(facts):
    """Paper and ink as arrays."""
    return (np.float32(c) for c in TONES[facts["colour"]])


def paper(view, colour, seed):
    """Paper with a faint unevenness, darker towards its edges."""
    noise = Noise(seed + 9)
    r2 = (view.x / view.right) ** 2 + (view.y / view.bottom) ** 2
    shade = 1 - 0.06 * r2 / 2 + 0.012 * noise(view.x * 6, view.y * 6)
    return (shade[..., None] * colour).astype(np.float32)


def wash(image, amount, ink):
    """Thin ink over what is there: amount [h, w] in [0, 1]."""
    image += amount[..., None].astype(np.float32) * (ink - image)


def ridge(view, noise, shift, level, rough, height):
    """How deep each pixel lies below a mountain ridge, [h, w]."""
    flat = np.zeros((1, 1), np.float32)
    crest = noise.fbm((view.x + shift) * rough, flat, octaves=5, gain=0.45)
    crest = height * (np.abs(crest) * 0.9 + 0.35 * crest)
    return view.y - level + crest


def stroke(view, image, points, widths, ink, alpha=0.9):
    """A brush stroke through points, with a width at each."""
    points, widths = np.asarray(points, np.float32), np.asarray(widths, np.float32)
    low, high = points.min(0), points.max(0)
    middle, widest = (low + high) / 2, float(widths.max())
    reach = float((high - low).max()) / 2 + widest * 1.5
    for _, box, dx, dy in boxes(view, [middle[0]], [middle[1]], reach):
        cols = np.flatnonzero(np.abs(dx[0]) <= (high - low)[0] / 2 + 1.5 * widest + view.pixel)
        rows = np.flatnonzero(np.abs(dy[:, 0]) <= (high - low)[1] / 2 + 1.5 * widest + view.pixel)
        if not len(cols) or not len(rows):
            continue
        dx, dy = dx[:, cols[0] : cols[-1] + 1], dy[rows[0] : rows[-1] + 1]
        d = np.full((dy.shape[0], dx.shape[1]), 9, np.float32)
        ends = zip(points[:-1] - middle, points[1:] - middle, widths[:-1], widths[1:])
        for a, b, wa, wb in ends:
            ex, ey = b - a
            h = ((dx - a[0]) * ex + (dy - a[1]) * ey) / max(ex * ex + ey * ey, 1e-9)
            h = np.clip(h, 0, 1)
            off = np.sqrt((dx - a[0] - h * ex) ** 2 + (dy - a[1] - h * ey) ** 2)
            d = np.minimum(d, off - (wa + h * (wb - wa)))
        cover = np.clip(0.5 - d / max(0.35 * widest, 2 * view.pixel), 0, 1) * alpha
        part = image[box][rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        part += cover[..., None] * (ink - part)
