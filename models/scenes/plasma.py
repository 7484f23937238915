"""Two colours of glowing plasma that swirl into each other."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import VIVID, another, pick

GROUP = "ambient"
EN = (
    "{c}plasma",
    "swirling {c}plasma",
    "{c}energy plasma",
    "an abstract {c}plasma background",
    "glowing {c}plasma clouds",
    "{c}energy",
    "{c}liquid energy",
    "morphing {c}plasma",
    "{c}glowing energy field",
    "psychedelic {c}plasma",
)
ZH = (
    "{c}等离子",
    "{c}等离子体",
    "旋转的{c}等离子能量",
    "{c}抽象等离子背景",
    "发光的{c}等离子",
    "{c}能量",
    "{c}能量场",
    "流动的{c}等离子",
    "{c}迷幻背景",
)


def facts(rng):
    colour = pick(rng, ("purple",) + VIVID)
    return {
        "kind": "plasma",
        "colour": colour,
        "colour2": another(rng, VIVID, colour, 0.8),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    noise = Noise(seed)
    first = palette.ramp(facts["colour"])
    second = palette.ramp(facts["colour2"] or facts["colour"])
    pace = SPEED[facts["speed"]] * 0.6
    grid = view.coarse
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        # noise that is bent by noise swirls; thin filaments glow where two fields agree
        a = noise.at(grid.x * 1.7, grid.y * 1.7 + 3, s * 0.8)
        b = noise.at(grid.x * 1.7 + 11, grid.y * 1.7, s * 0.8)
        c = noise.at(grid.x * 2 + 0.7 * a, grid.y * 2 + 0.7 * b, s)
        d = noise.at(grid.x * 2.6 + 0.9 * b + 5, grid.y * 2.6 - 0.9 * a, s * 1.2)
        c, d = grid.up(c), grid.up(d)
        filament = np.exp(-((c / 0.28) ** 2)) + 0.8 * np.exp(-((d / 0.22) ** 2))
        value = np.clip(0.40 + 0.13 * c + 0.36 * filament, 0.05, 1)
        m = np.clip(0.42 + 0.55 * d, 0, 1)[..., None]
        image[:] = palette.paint(first, value)
        image += m * (palette.paint(second, value) - image)
    return out
