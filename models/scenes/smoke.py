"""Smoke that rises and curls."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, pick

GROUP = "ambient"
EN = (
    "{c}smoke",
    "rising {c}smoke",
    "a cloud of {c}smoke",
    "{c}smoke curling",
    "thick {c}smoke",
    "{c}smoke drifting",
    "wisps of {c}smoke",
    "{c}vapour",
    "a {c}smoke plume",
    "swirling {c}smoke",
)
ZH = (
    "{c}烟雾",
    "升起的{c}烟",
    "{c}烟雾缭绕",
    "袅袅{c}烟",
    "浓浓的{c}烟雾",
    "{c}烟",
    "飘散的{c}烟雾",
    "{c}蒸汽",
    "一缕{c}烟",
)
NAMES = (
    "white",
    "silver",
    "blue",
    "purple",
    "red",
    "green",
    "teal",
    "orange",
    "pink",
    "cyan",
    "magenta",
)


def facts(rng):
    return {
        "kind": "smoke",
        "colour": pick(rng, ("white", "silver") + NAMES),
        "background": "black",
        "direction": pick(rng, ("up", "up", "left", "right")),
        "speed": speed(rng),
        "on_black": True,
    }


def draw(facts, seed, times, view):
    noise = Noise(seed)
    c = COLOURS[facts["colour"]]
    table = palette.gradient(
        (0, 0, 0), c.dark, c.base, 0.5 * (np.array(c.base) + np.array(c.bright))
    )
    pace = SPEED[facts["speed"]] * 0.5
    grid = view.coarse
    # x, y: along the drift and across it
    along, across = {"up": (-grid.y, grid.x), "left": (-grid.x, grid.y), "right": (grid.x, grid.y)}[
        facts["direction"]
    ]
    out = view.blank(times)
    reach = view.bottom if facts["direction"] == "up" else view.right
    age = np.clip((along + reach) / (2 * reach), 0, 1)  # 0 where the smoke comes from
    for image, t in zip(out, map(float, times)):
        s = t * pace
        u = along - 0.9 * s
        # the plume meanders and widens; coarse noise bends the finer one, so that wisps curl
        a = noise.at(u * 2.2, across * 2.2 + 5, s * 0.6)
        b = noise.at(u * 2.2 + 13, across * 2.2, s * 0.6)
        off = across + (0.06 + 0.10 * age) * a
        plume = np.exp(-((off / (0.16 + 0.34 * age)) ** 2)) * (1 - 0.55 * age)
        p, q = u * 3.2 + 0.35 * a, across * 3.8 + 0.35 * b
        wisps, weight = 0.0, 1.0
        for o in range(4):
            w = noise.at(p * 2**o + 7 * o, q * 2**o, s * (1 + 0.6 * o))
            p, q = p + 0.22 * w / 2**o, q + 0.12 * w / 2**o
            wisps, weight = wisps + weight * w, weight * 0.58
        density = plume * np.clip(0.52 + 0.32 * wisps, 0, 1.2)
        image[:] = palette.paint(table, np.clip(grid.up(density), 0, 1))
    return out
