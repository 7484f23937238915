"""Out-of-focus lights that drift and breathe."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIDE, SIZE, SPEED, density, size, speed
from models.scenes.palette import DARK, VIVID, another, pick
from models.scenes.particles import boxes, wrap

GROUP = "ambient"
EN = (
    "{d}{s}{c}bokeh lights",
    "{c}bokeh",
    "blurred {c}lights",
    "{d}{s}soft {c}light circles",
    "{d}{c}bokeh particles",
    "{d}out of focus {c}lights",
    "{c}bokeh background",
    "{d}soft glowing {c}circles",
    "defocused {c}lights",
    "{d}{c}blurry light spots",
)
ZH = (
    "{d}{s}{c}光斑",
    "{c}散景",
    "{c}虚化的光点",
    "{d}柔和的{c}光圈",
    "{c}散景光斑",
    "{c}光斑背景",
    "{d}模糊的{c}灯光",
    "梦幻{c}光斑",
    "{c}圆形光点",
)


def facts(rng):
    colour = pick(rng, ("gold",) + VIVID + ("white", "colourful"))
    return {
        "kind": "bokeh",
        "colour": colour,
        "colour2": None if colour == "colourful" else another(rng, VIVID, colour),
        "background": pick(rng, DARK[:1] + DARK),
        "density": density(rng),
        "size": size(rng),
        "direction": pick(rng, ("up", "down", "left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    area = 4 * view.right * view.bottom
    n = int(4 + 26 * area**0.5 * DENSITY[facts["density"]] / SIZE[facts["size"]])
    crowd = Crowd(rng, n)
    radius = crowd.uniform(0.04, 0.12) * SIZE[facts["size"]]
    extent = np.array([view.right + 0.2, view.bottom + 0.2])
    start = crowd.uniform(-1, 1, 2).T * extent
    drift = np.array(SIDE[facts["direction"]]) * crowd.uniform(0.10, 0.26)[:, None]
    drift = (drift + crowd.normal(0.02, 2).T) * SPEED[facts["speed"]]
    colour = palette.shades(crowd, facts["colour"], facts["colour2"])
    soft = crowd.uniform(0.06, 0.5)  # how far out of focus, as a part of the radius
    alpha = crowd.uniform(0.25, 0.75)
    phase = crowd.uniform(0, 2 * np.pi)
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        x, y = wrap(start + drift * t, extent).T
        glimmer = alpha * (0.72 + 0.28 * np.sin(phase + t * 1.7 * SPEED[facts["speed"]]))
        for i, box, dx, dy in boxes(view, x, y, radius * 1.3):
            d = np.sqrt(dx * dx + dy * dy) / np.float32(radius[i])
            disc = np.clip((1 - d) / soft[i] + 0.5, 0, 1)
            disc *= disc * (3 - 2 * disc)
            ring = 0.62 + 0.38 * d * d  # lenses brighten the rim
            image[box] += (disc * ring * np.float32(glimmer[i]))[..., None] * colour[i]
    return np.clip(out, 0, 1)
