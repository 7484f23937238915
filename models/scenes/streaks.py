"""Streaks of light that shoot across the picture."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIDE, SPEED, density, speed
from models.scenes.palette import VIVID, another, pick
from models.scenes.particles import glow, wrap

GROUP = "technology"
EN = (
    "{d}{c}light streaks",
    "{c}speed lines",
    "{c}light trails",
    "{d}{c}streaks of light",
    "{c}fibre optic light lines",
    "{d}{c}light lines",
    "{d}fast {c}lights",
    "{c}motion lines",
    "{d}{c}laser streaks",
    "{d}{c}glowing lines",
)
ZH = (
    "{c}光线条纹",
    "{d}{c}流光",
    "{c}速度线",
    "{c}光轨",
    "飞驰的{c}光线",
    "{d}{c}光线",
    "{c}激光线",
    "{c}光束飞驰",
    "{d}{c}发光线条",
)


def facts(rng):
    colour = pick(rng, ("blue",) + VIVID + ("white", "colourful"))
    return {
        "kind": "streaks",
        "colour": colour,
        "colour2": None if colour == "colourful" else another(rng, VIVID, colour, 0.5),
        "background": pick(rng, ("black", "black", "dark blue", "dark purple", "dark grey")),
        "density": density(rng),
        "direction": pick(rng, ("left", "right", "left", "right", "up", "down")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    dx, dy = SIDE[facts["direction"]]
    along, across = (view.right, view.bottom) if dx else (view.bottom, view.right)
    n = max(int(30 * DENSITY[facts["density"]] * (2 * across) ** 0.5), 5)
    crowd = Crowd(rng, n)
    place = crowd.uniform(-1, 1) * across
    length = crowd.uniform(0.25, 0.6)
    extent = along + 0.9
    start = crowd.uniform(-1, 1) * extent
    pace = crowd.uniform(0.5, 1.15) * SPEED[facts["speed"]] * 0.85
    width, weight = crowd.uniform(0.006, 0.014), crowd.uniform(0.5, 1.0)
    colour = palette.shades(crowd, facts["colour"], facts["colour2"])
    back = palette.backdrop(view, facts["background"])
    parts = 5
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        head = wrap(start + pace * t, extent)
        # a chain of overlapping Gaussians that thins out behind the head
        for k in range(parts):
            at = (head - length * k / parts) * (dx + dy)
            long = length / parts * (0.5 if k == 0 else 0.9)
            light = (weight * (1 - k / parts) ** 1.2)[:, None] * colour
            x, y = (at, place) if dx else (place, at)
            rx, ry = (long, width) if dx else (width, long)
            image += glow(view, x, y, rx, light * 0.9, tall=ry)
            image += glow(
                view, x, y, rx * (1 if dx else 3.5), light * 0.16, tall=ry * (3.5 if dx else 1)
            )
        x, y = (head * dx, place) if dx else (place, head * dy)
        image += glow(view, x, y, width * 1.3, (weight[:, None] * (0.5 * colour + 0.5)))
    return np.clip(out, 0, 1)
