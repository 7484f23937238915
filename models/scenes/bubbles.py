"""Champagne: bubbles that rise in a golden drink."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED, density, size, speed
from models.scenes.palette import pick
from models.scenes.particles import boxes, wrap

GROUP = "celebration"
EN = (
    "{d}{s}{c}bubbles",
    "{c}champagne bubbles",
    "{d}{c}bubbles rising",
    "{d}{s}bubbles in a {c}drink",
    "sparkling {c}bubbles",
    "{c}fizzy drink bubbles",
    "{c}soda bubbles",
    "{d}{s}{c}air bubbles",
    "{c}sparkling wine",
    "{d}{c}bubbles floating up",
)
ZH = (
    "{d}{c}气泡",
    "{c}香槟气泡",
    "上升的{d}{c}气泡",
    "{c}饮料中的{s}气泡",
    "冒泡的{c}香槟",
    "{c}泡泡",
    "{d}{s}{c}气泡",
    "{c}汽水气泡",
    "{c}起泡酒",
)


def facts(rng):
    return {
        "kind": "bubbles",
        "colour": pick(
            rng, ("gold", "gold", "gold", "pink", "blue", "cyan", "green", "red", "orange")
        ),
        "density": density(rng),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    dark, base, bright = (np.float32(c) for c in palette.COLOURS[facts["colour"]][:3])
    n = int(
        42
        * (4 * view.right * view.bottom) ** 0.5
        * DENSITY[facts["density"]]
        / SIZE[facts["size"]] ** 0.5
    )
    crowd = Crowd(rng, n)
    near = crowd.near**1.6
    radius = (0.010 + 0.030 * near) * SIZE[facts["size"]]
    extent = np.array([[view.right + 0.05], [view.bottom + 0.08]])
    x0, y0 = crowd.uniform(-1, 1, 2) * extent
    rise = (0.20 + 0.40 * near) * SPEED[facts["speed"]]
    phase, turn = crowd.uniform(0, 2 * np.pi), crowd.uniform(2, 4) * SPEED[facts["speed"]] ** 0.5
    level = np.clip((view.y / view.bottom + 1) / 2, 0, 1)[..., None]
    middle = np.exp(-((view.x / view.right / 0.9) ** 2))[..., None]
    drink = base + (level - 0.25) * (0.75 * dark - 0.75 * base) + 0.16 * middle * (1 - level)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = drink
        x = wrap(x0 + 0.012 * np.sin(phase + turn * t), extent[0])
        y = wrap(y0 - rise * t, extent[1])
        for i, box, dx, dy in boxes(view, x, y, radius * 1.15):
            u, v = dx / np.float32(radius[i]), dy / np.float32(radius[i])
            d = np.sqrt(u * u + v * v)
            inside = np.clip((1 - d) * radius[i] / view.pixel / 1.5 + 0.5, 0, 1)
            rim = np.exp(-(((d - 0.90) / 0.16) ** 2)) * (0.65 - 0.35 * v)
            shine = np.exp(-((u + 0.36) ** 2 + (v + 0.40) ** 2) / 0.05)
            light = (inside * (0.16 + 0.55 * rim + 0.75 * shine))[..., None].astype(np.float32)
            image[box] += light * (0.5 * bright + 0.5 - image[box]) * 1.1
    return np.clip(out, 0, 1)
