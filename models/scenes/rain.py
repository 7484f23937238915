"""Rain in streaks, with rings where drops meet the wet ground."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SPEED, density, speed
from models.scenes.palette import COLOURS, pick
from models.scenes.particles import boxes, glow, wrap

GROUP = "weather"
EN = (
    "rain",
    "falling rain",
    "{d}rain drops falling",
    "rainfall",
    "{c}rain at night",
    "rain on wet ground",
    "{d}{c}raindrops",
    "heavy rain",
    "{c}rain",
    "a rainy night",
)
ZH = (
    "下雨",
    "雨",
    "{d}雨滴落下",
    "雨夜",
    "{c}的雨",
    "雨水落在地面",
    "{c}雨",
    "{d}雨点",
    "大雨",
    "下着雨",
    "{d}{c}雨丝",
)
DIRECTIONS = {"down": 0.0, "down left": -0.3, "down right": 0.3}


def facts(rng):
    return {
        "kind": "rain",
        "colour": pick(rng, ("silver", "blue", "cyan", "teal")),
        "background": pick(rng, ("black", "dark blue", "dark grey", "dark green")),
        "density": density(rng),
        "direction": pick(rng, ("down",) + tuple(DIRECTIONS)),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    c = COLOURS[facts["colour"]]
    colour = 0.5 * (np.array(c.base) + np.array(c.bright)).astype(np.float32)
    back = palette.backdrop(view, facts["background"]).copy()
    ground = view.bottom * 0.45
    wet = np.clip((view.y - ground) / (view.bottom - ground), 0, 1)[..., None]
    back += wet * 0.22 * colour  # the ground mirrors the sky
    n = int(75 * (4 * view.right * view.bottom) ** 0.5 * DENSITY[facts["density"]])
    crowd = Crowd(rng, n)
    near = crowd.near**1.5
    fall = (0.65 + 0.65 * near) * SPEED[facts["speed"]] ** 0.6
    lean = DIRECTIONS[facts["direction"]]
    extent = np.array([[view.right + 0.3], [view.bottom + 0.2]])
    x0, y0 = crowd.uniform(-1, 1, 2) * extent
    weight = 0.32 + 0.6 * near
    length = 0.028 + 0.030 * near
    rings = Crowd(rng, int(14 * DENSITY[facts["density"]] * view.right * 2))
    rx, ry, when = rings.random(3)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        x, y = wrap(x0 + lean * fall * t, extent[0]), wrap(y0 + fall * t, extent[1])
        light = 0.0
        # a leaning streak is a chain of upright ones
        links = (-1.2, -0.6, 0.0, 0.6, 1.2) if lean else (0.0,)
        for k in links:
            part = length * (0.55 if lean else 1.25)
            at = x + lean * k * length, y + k * length
            light = light + glow(
                view, *at, 0.0034 + 0.0040 * near, weight * (0.8 if lean else 1), part
            )
        image[:] = back
        beat = when + t * 1.1 * SPEED[facts["speed"]] ** 0.5
        age, life = beat % 1, np.floor(beat)
        # each life of a ring is at another place
        px = ((rx + life * 0.618) % 1 * 2 - 1) * view.right
        py = ground + ((ry + life * 0.382) % 1) ** 1.0 * (view.bottom - ground)
        scale = 0.03 + 0.07 * (py - ground) / (view.bottom - ground)
        for i, box, dx, dy in boxes(view, px, py, scale * 1.2):
            d = np.sqrt(dx * dx + (dy * 2.6) ** 2) - np.float32(scale[i] * age[i])
            ring = np.exp(-((d / 0.006) ** 2)) * np.float32(0.6 * (1 - age[i]) ** 1.5)
            image[box] += ring[..., None] * colour
        image += np.minimum(light, 1)[..., None] * colour
    return np.clip(out, 0, 1)
