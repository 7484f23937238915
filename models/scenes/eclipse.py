"""The moon crosses the sun, whose corona shines around it."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick
from models.scenes.particles import glow

GROUP = "space"
EN = (
    "a {c}solar eclipse",
    "a {c}eclipse",
    "the moon in front of a {c}sun",
    "a total {c}solar eclipse with corona",
    "a dark moon covering the {c}sun",
    "an eclipse with a {c}corona",
    "a {c}sun eclipse in space",
    "the {c}corona of the sun",
    "a black moon with {c}glow",
)
ZH = (
    "{c}日食",
    "{c}日全食",
    "月亮遮住{c}太阳",
    "{c}日冕和日食",
    "太空中的{c}日蚀",
    "{c}日环食",
    "{c}日食过程",
    "黑色月亮和{c}光环",
    "{c}太阳被遮住",
)


def facts(rng):
    colour = pick(rng, ("orange", "gold", "white", "blue", "red", "purple", "cyan"))
    return {
        "kind": "eclipse",
        "colour": colour,
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    table = palette.ramp(facts["colour"])
    hot = 0.6 * palette.bright(facts["colour"]) + 0.4
    radius = 0.235
    n = 70
    x, y = rng.uniform(-1, 1, (2, n)) * [[view.right], [view.bottom]]
    stars = glow(view, x, y, rng.uniform(0.004, 0.008, n), rng.uniform(0.2, 0.7, n))[..., None]
    d = np.sqrt(view.x**2 + view.y**2)
    angle = np.arctan2(view.y, view.x)
    fan = np.linspace(-np.pi, np.pi, 1024)
    index = np.clip((angle / np.pi + 1) * 511.5, 0, 1023).astype(np.int32)
    sun = np.clip((radius - d) / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
    pace = SPEED[facts["speed"]]
    way = 1 if facts["direction"] == "right" else -1
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        # rays: noise over a circle, so that it closes
        cx, cy = np.cos(fan), np.sin(fan)
        rays = noise.at(cx * 3 + 20, cy * 3 + 20, t * 0.5 * pace)
        rays = rays + 0.6 * noise.at(cx * 7 + 40, cy * 7 + 40, t * 0.9 * pace)
        rays = (0.19 * np.exp(0.28 * rays)).astype(np.float32)[index]
        corona = np.exp(-np.maximum(d - radius, 0) / rays) * 0.9
        # the moon swings across the middle
        m = way * 0.17 * np.sin(t * 0.5 * pace)
        dm = np.sqrt((view.x - m) ** 2 + (view.y - 0.02 * np.cos(t * 0.4 * pace)) ** 2)
        moon = np.clip((radius * 0.985 - dm) / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
        image[:] = stars * (1 - corona[..., None]) + palette.paint(table, np.clip(corona, 0, 1))
        image += sun * (hot - image)
        bead = np.exp(-np.maximum(radius - d, 0) / 0.02)[..., None] * 0.03 * hot
        image += moon * (np.float32([0.01, 0.01, 0.015]) + bead - image)
    return np.clip(out, 0, 1)
