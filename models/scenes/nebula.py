"""Clouds of glowing gas among stars, approached slowly."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import another, pick
from models.scenes.particles import glow

GROUP = "space"
EN = (
    "a {c}nebula",
    "a {c}space nebula",
    "{c}nebula clouds with stars",
    "deep space with a {c}nebula",
    "a {c}cosmic cloud",
    "{c}interstellar gas",
    "{c}cosmic clouds",
    "a {c}galaxy cloud",
    "{c}space clouds",
    "the {c}universe",
)
ZH = (
    "{c}星云",
    "太空中的{c}星云",
    "{c}星云与星星",
    "深空{c}星云",
    "{c}宇宙云气",
    "{c}宇宙",
    "{c}宇宙尘埃",
    "绚丽的{c}星云",
    "{c}太空云",
)
COLOURS = ("blue", "purple", "magenta", "cyan", "red", "orange", "green", "teal", "pink")


def facts(rng):
    colour = pick(rng, COLOURS)
    return {
        "kind": "nebula",
        "colour": colour,
        "colour2": another(rng, COLOURS, colour, 0.6),
        "direction": pick(rng, ("towards", "left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    first, second = palette.ramp(facts["colour"]), palette.ramp(facts["colour2"] or facts["colour"])
    n = 90
    spread = np.hypot(view.right, view.bottom)
    far, angle = spread * np.sqrt(rng.uniform(0.01, 1, n)), rng.uniform(0, 2 * np.pi, n)
    place, size = rng.random(n), rng.uniform(0.004, 0.009, n)
    pace = SPEED[facts["speed"]]
    grid = view.coarse
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        gas, weights = 0.0, 0.0
        tint = 0.0
        # zooming without end: layers grow, fade in small and fade out large
        layers = 3 if facts["direction"] == "towards" else 1
        for k in range(layers):
            if layers > 1:
                life = s * 0.16 + k / layers
                age, number = life % 1, np.floor(life) * layers + k
                zoom, w = 2.0 ** (1.4 - 1.7 * age), np.sin(np.pi * age) ** 2
                x, y = grid.x * zoom + 31.7 * number, grid.y * zoom + 3
            else:
                way = 1 if facts["direction"] == "left" else -1
                x, y, w = grid.x * 1.25 + 0.22 * way * s, grid.y * 1.25, 1.0
            a = noise.at(x * 1.3, y * 1.3, s * 0.12)
            b = noise.at(x * 1.3 + 8, y * 1.3, s * 0.12)
            p, q = x * 1.6 + 0.5 * a, y * 1.6 + 0.5 * b
            f = noise.at(p, q, s * 0.15) + 0.55 * noise.at(2.1 * p + 0.4 * a, 2.1 * q, s * 0.2)
            f = f + 0.33 * noise.at(4.3 * p, 4.3 * q + 0.4 * b, s * 0.3)
            f = f + 0.18 * noise.at(8.7 * p, 8.7 * q, s * 0.4)
            gas, weights, tint = gas + w * f, weights + w * w, tint + w * b
        scale = 1 / np.sqrt(weights)
        value = np.clip(0.36 + 0.24 * grid.up(gas * scale), 0, 1) ** 1.25
        image[:] = palette.paint(first, value)
        if facts["colour2"]:
            m = np.clip(0.42 + 0.45 * grid.up(tint * scale), 0, 1)[..., None]
            image += m * (palette.paint(second, value) - image)
        if layers > 1:
            depth = 1.05 - (place + 0.10 * s) % 1
            x, y, fade = (
                far * np.cos(angle) * 0.4 / depth,
                far * np.sin(angle) * 0.4 / depth,
                1 - depth * 0.6,
            )
        else:
            extent = view.right + 0.05
            x = (far * np.cos(angle) - way * 0.15 * s + extent) % (2 * extent) - extent
            y, fade = far * np.sin(angle), 0.4 + 0.6 * place
        image += glow(view, x, y, size * (0.7 + 0.5 * fade), fade)[..., None]
    return np.clip(out, 0, 1)
