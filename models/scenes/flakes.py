"""Flat things that tumble as they fall: leaves, petals."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED
from models.scenes.particles import boxes, wrap

WIND = {"down": 0.0, "down left": -0.75, "down right": 0.75}


def tumble(facts, rng, times, view, shape, count, radius, colours):
    """Draw falling things; shape(u, v) gives signed distance and shade, its length is 2."""
    n = int(count * (4 * view.right * view.bottom) ** 0.5 * DENSITY[facts["density"]])
    crowd = Crowd(rng, n)
    near = crowd.near
    radius = radius * SIZE[facts["size"]] * (0.6 + 0.7 * near)
    extent = np.array([[view.right + 0.15], [view.bottom + 0.15]])
    x0, y0 = crowd.uniform(-1, 1, 2) * extent
    pace = SPEED[facts["speed"]]
    fall = (0.14 + 0.20 * near) * pace
    wind = WIND[facts["direction"]]
    phase, turn = crowd.uniform(0, 2 * np.pi, 3), crowd.uniform(0.7, 1.8, 3) * pace**0.7
    colour = palette.shades(crowd, *colours)
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        sway = np.sin(phase[0] + turn[0] * t)
        x = wrap(x0 + wind * fall * t + 0.06 * sway, extent[0])
        y = wrap(y0 + fall * t + 0.02 * np.cos(2 * (phase[0] + turn[0] * t)), extent[1])
        angle = phase[1] + 0.9 * np.sin(phase[1] + turn[1] * t) + 0.5 * sway
        flip = np.cos(phase[2] + turn[2] * t)  # seen from the side it is thin
        c, s = np.cos(angle), np.sin(angle)
        for i, box, dx, dy in boxes(view, x, y, radius * 1.1):
            tall = np.copysign(0.3 + 0.7 * abs(flip[i]), flip[i])
            u = (dx * c[i] + dy * s[i]) / np.float32(radius[i])
            v = (dy * c[i] - dx * s[i]) / np.float32(radius[i] * tall)
            d, shade = shape(u, v)
            cover = np.clip(0.5 - d * radius[i] / (1.5 * view.pixel), 0, 1)[..., None]
            light = (shade * (0.90 + 0.16 * flip[i]))[..., None].astype(np.float32)
            image[box] += cover * (np.clip(colour[i] * light, 0, 1) - image[box])
    return out
