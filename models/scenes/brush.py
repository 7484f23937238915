"""What the ink paintings share: paper, washes, mountains, strokes."""

import numpy as np

from models.scenes.noise import Noise
from models.scenes.shapes import stroke

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


def brush(view, image, points, widths, ink, alpha=0.9):
    """A brush stroke: its edge is softer, the wider it is."""
    stroke(view, image, points, widths, ink, alpha, soft=0.35 * float(np.max(widths)))
