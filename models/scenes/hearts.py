"""Hearts that float up and beat."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIDE, SIZE, SPEED, density, size, speed
from models.scenes.palette import another, behind, pick
from models.scenes.particles import boxes, wrap

GROUP = "celebration"
EN = (
    "{d}{s}{c}hearts",
    "{d}{s}{c}hearts floating",
    "floating {c}hearts",
    "{c}love hearts",
    "{d}{c}valentine hearts",
    "{d}{c}hearts flying",
    "romantic {c}hearts",
    "{c}love",
    "a {c}valentine background",
    "{d}{s}{c}heart shapes",
)
ZH = (
    "{d}{c}爱心",
    "飘浮的{c}心形",
    "{d}{s}{c}爱心飘起",
    "浪漫的{c}爱心",
    "{c}情人节爱心",
    "{c}心",
    "{c}红心飘动",
    "{d}{s}{c}心形",
    "爱情{c}背景",
)
COLOURS = ("red", "pink", "magenta", "gold", "white", "purple", "blue")


def facts(rng):
    colour = pick(rng, ("red", "red", "pink") + COLOURS)
    return {
        "kind": "hearts",
        "colour": colour,
        "colour2": another(rng, COLOURS, colour, 0.3),
        "background": behind(
            rng, ("black", "dark red", "dark purple", "dark blue", "light blue", "beige"), colour
        ),
        "density": density(rng),
        "size": size(rng),
        "direction": pick(rng, ("up", "up", "down")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = int(18 * (4 * view.right * view.bottom) ** 0.5 * DENSITY[facts["density"]])
    crowd = Crowd(rng, n)
    near = crowd.near
    radius = (0.035 + 0.045 * near) * SIZE[facts["size"]]
    extent = np.array([[view.right + 0.1], [view.bottom + 0.15]])
    x0, y0 = crowd.uniform(-1, 1, 2) * extent
    pace = SPEED[facts["speed"]]
    move = (0.14 + 0.18 * near) * pace * SIDE[facts["direction"]][1]
    phase, turn = crowd.uniform(0, 2 * np.pi), crowd.uniform(0.8, 1.6) * pace**0.6
    colour = palette.shades(crowd, facts["colour"], facts["colour2"])
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        sway = np.sin(phase + turn * t)
        x, y = wrap(x0 + 0.05 * sway, extent[0]), wrap(y0 + move * t, extent[1])
        beat = 1 + 0.10 * np.sin(phase + 5 * turn * t)
        angle = 0.35 * np.sin(phase * 3 + turn * t)
        c, s = np.cos(angle), np.sin(angle)
        for i, box, dx, dy in boxes(view, x, y, radius * 1.5):
            r = np.float32(radius[i] * beat[i])
            u, v = (dx * c[i] + dy * s[i]) / r, (dy * c[i] - dx * s[i]) / r
            d = _heart(u, v)
            cover = np.clip(0.5 - d * r / (1.5 * view.pixel), 0, 1)[..., None]
            light = 1.0 - 0.22 * np.clip(v + 0.3 * u, -1, 1)
            shine = 0.35 * np.exp(-(((u + 0.42) / 0.22) ** 2) - ((v + 0.42) / 0.2) ** 2)
            body = np.clip(colour[i] * light[..., None] + shine[..., None], 0, 1)
            image[box] += cover * (body * (0.75 + 0.25 * near[i]) - image[box])
    return np.clip(out, 0, 1)


def _heart(u, v):
    """Signed distance, nearly, of a heart that is about two wide."""
    u, v = u * 1.15, 0.12 - v * 1.15
    return (u * u + v * v - 1 - np.cbrt(u * u) * v) / 2.6
