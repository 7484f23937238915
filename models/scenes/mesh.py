"""A gradient mesh: soft fields of colour that wander."""

import numpy as np

from models.scenes.motion import SPEED, speed
from models.scenes.palette import COLOURS, VIVID, another, pick

GROUP = "ambient"
EN = (
    "a {c}gradient",
    "a moving {c}gradient",
    "a soft {c}gradient background",
    "{c}gradient mesh",
    "smooth {c}colour gradient",
    "a {c}colour blend",
    "blurry {c}colours",
    "{c}background",
    "a plain {c}background",
    "soft {c}colours flowing",
)
ZH = (
    "{c}渐变",
    "{c}渐变背景",
    "流动的{c}渐变",
    "柔和的{c}渐变色",
    "{c}弥散渐变",
    "{c}背景",
    "{c}模糊色彩",
    "{c}色彩流动",
    "纯净的{c}背景",
)


def facts(rng):
    colour = pick(rng, ("purple",) + tuple(COLOURS))
    return {
        "kind": "mesh",
        "colour": colour,
        "colour2": another(rng, VIVID, colour, 0.75),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    first, second = COLOURS[facts["colour"]], COLOURS[facts["colour2"] or facts["colour"]]
    shades = [
        first.base,
        second.base,
        first.bright,
        first.dark,
        first.base,
        second.base,
        second.bright,
    ]
    colours = np.float32(shades)
    colours[3] = 0.5 * colours[3] + 0.5 * colours[0]
    n = len(colours)
    pace = rng.uniform(0.35, 0.75, (2, n)) * SPEED[facts["speed"]] * 1.6
    phase = rng.uniform(0, 2 * np.pi, (2, n))
    width = rng.uniform(0.24, 0.42, n)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        x = 0.9 * view.right * np.sin(phase[0] + pace[0] * t)
        y = 0.9 * view.bottom * np.sin(phase[1] + pace[1] * t)
        # each colour pulls as its Gaussian falls off; a little everywhere
        across = np.exp(-(((view.x.T - x) / (width * view.right * 1.6)) ** 2)).astype(np.float32)
        down = np.exp(-(((view.y - y) / (width * view.bottom * 2)) ** 2)).astype(np.float32)
        total = down @ across.T + 0.02
        for c in range(3):
            image[..., c] = ((down * colours[:, c]) @ across.T + 0.02 * colours[0, c]) / total
    return out
