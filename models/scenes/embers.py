"""Glowing sparks that rise."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED, density, size, speed
from models.scenes.palette import pick
from models.scenes.particles import glow, wrap

GROUP = "nature"
EN = (
    "{d}{s}{c}embers",
    "{d}{c}sparks rising",
    "glowing {c}embers floating up",
    "{c}fire sparks",
    "{d}{c}glowing sparks",
    "{c}embers",
    "{c}glowing ash",
    "{d}{s}{c}sparks",
    "{d}{c}sparks flying up",
    "{c}hot sparks",
)
ZH = (
    "{c}火星",
    "{d}{c}火花上升",
    "{c}余烬飘起",
    "发光的{c}火星",
    "{d}{s}{c}火星飞舞",
    "{c}火花",
    "{d}{c}火星",
    "{c}灰烬飘飞",
    "飞溅的{c}火花",
)


def facts(rng):
    return {
        "kind": "embers",
        "colour": pick(rng, ("orange", "orange", "red", "gold", "blue", "green", "purple")),
        "background": "black",
        "density": density(rng),
        "size": size(rng),
        "speed": speed(rng),
        "on_black": True,
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = int(62 * (4 * view.right * view.bottom) ** 0.5 * DENSITY[facts["density"]])
    crowd = Crowd(rng, n)
    near = crowd.near**1.5
    radius = (0.007 + 0.011 * near) * SIZE[facts["size"]]
    extent = np.array([[view.right + 0.1], [view.bottom + 0.1]])
    x0, y0 = crowd.uniform(-1, 1, 2) * extent
    pace = SPEED[facts["speed"]]
    rise, phase = (0.18 + 0.34 * near) * pace, crowd.uniform(0, 2 * np.pi, 3)
    turn = crowd.uniform(0.8, 2.2, 3) * pace**0.7
    core, halo = palette.bright(facts["colour"]), palette.base(facts["colour"])
    hearth = np.exp(-(((view.bottom - view.y) / 0.22) ** 2))[..., None] * halo * 0.35
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        swing = np.sin(phase + turn * t)
        x = wrap(x0 + 0.05 * swing[0] + 0.03 * swing[1], extent[0])
        y = wrap(y0 - rise * t, extent[1])
        # sparks cool as they rise
        heat = (0.7 + 0.3 * swing[2]) * np.clip(0.6 + 0.4 * (y / view.bottom + 1) / 1.4, 0, 1)
        image += glow(view, x, y, radius, heat)[..., None] * core
        image += glow(view, x, y, radius * 3, heat * 0.32)[..., None] * halo
        image += hearth * (0.85 + 0.15 * np.sin(t * 5 * pace))
    return np.clip(out, 0, 1)
