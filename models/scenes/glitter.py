"""Glitter: sparkling points that drift and flash."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIDE, SIZE, SPEED, density, size, speed
from models.scenes.palette import DARK, pick
from models.scenes.particles import glow, wrap

GROUP = "celebration"
EN = (
    "{c}glitter",
    "sparkling {c}glitter",
    "{d}{c}sparkles",
    "{d}{s}{c}glitter particles",
    "shiny {c}glitter dust",
    "{c}sparkle",
    "{c}twinkling lights",
    "glittering {c}dust",
    "{d}{s}{c}shiny particles",
    "{c}glamour background",
)
ZH = (
    "{c}闪粉",
    "闪闪发光的{c}亮片",
    "{c}闪光粒子",
    "{d}{c}闪烁亮粉",
    "{c}金粉闪耀",
    "{c}闪光",
    "{c}星光闪烁",
    "{d}{s}{c}闪亮粒子",
    "{c}亮片",
)


def facts(rng):
    background = pick(rng, DARK[:1] * 3 + DARK)
    return {
        "kind": "glitter",
        "colour": pick(
            rng,
            (
                "gold",
                "gold",
                "gold",
                "silver",
                "pink",
                "blue",
                "purple",
                "red",
                "green",
                "colourful",
            ),
        ),
        "background": background,
        "density": density(rng),
        "size": size(rng),
        "direction": pick(rng, ("up", "down", "left", "right")),
        "speed": speed(rng),
        "on_black": background == "black",
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = int(150 * (4 * view.right * view.bottom) ** 0.5 * DENSITY[facts["density"]] ** 0.8)
    extent = np.array([view.right + 0.08, view.bottom + 0.08])
    crowd = Crowd(rng, n)
    start = crowd.uniform(-1, 1, 2).T * extent
    pace = SPEED[facts["speed"]]
    drift = (
        np.array(SIDE[facts["direction"]]) * crowd.uniform(0.06, 0.18)[:, None]
        + crowd.normal(0.015, 2).T
    ) * pace
    radius = crowd.uniform(0.006, 0.012) * SIZE[facts["size"]]
    colour = palette.shades(crowd, facts["colour"])
    phase, beat = crowd.uniform(0, 2 * np.pi), crowd.uniform(1.5, 4) * pace**0.6
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        x, y = wrap(start + drift * t, extent).T
        flash = np.sin(phase + beat * t)
        spark = np.clip(flash, 0, 1) ** 6
        weight = (0.35 + 0.25 * flash + 0.8 * spark)[:, None] * colour
        image[:] = back + glow(view, x, y, radius, weight)
        image += glow(view, x, y, radius * 3, 0.16 * weight)
        # bright ones throw a cross of light
        star = np.flatnonzero(spark > 0.25)
        rays = spark[star, None] * (0.5 * colour[star] + 0.4)
        thin, long = radius[star] * 0.35, radius[star] * 4.5 * spark[star]
        image += glow(view, x[star], y[star], thin, rays, tall=long)
        image += glow(view, x[star], y[star], long, rays, tall=thin)
    return np.clip(out, 0, 1)
