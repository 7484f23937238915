"""A radar whose beam sweeps over echoes."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.palette import pick
from models.scenes.particles import glow

GROUP = "technology"
EN = (
    "a {c}radar",
    "a {c}radar sweep",
    "a {c}radar screen",
    "a {c}sonar display",
    "a {c}radar scanning",
    "a {c}radar display",
    "{c}radar",
    "a {c}rotating radar beam",
    "a {c}scanner",
)
ZH = (
    "{c}雷达",
    "{c}雷达扫描",
    "{c}雷达屏幕",
    "{c}声纳界面",
    "旋转的{c}雷达波",
    "{c}雷达图",
    "{c}雷达界面",
    "{c}扫描仪",
    "{c}雷达探测",
)


def facts(rng):
    return {
        "kind": "radar",
        "colour": pick(rng, ("green", "green", "green", "cyan", "blue", "red", "orange", "purple")),
        "background": pick(rng, ("black", "black", "dark green", "dark blue", "dark grey")),
        "direction": pick(rng, ("clockwise", "clockwise", "counterclockwise")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    colour, lit = palette.base(facts["colour"]), palette.bright(facts["colour"])
    radius = 0.44
    d, angle = np.sqrt(view.x**2 + view.y**2), np.arctan2(view.y, view.x)
    disc = np.clip((radius - d) / view.pixel / 1.5 + 0.5, 0, 1)
    rings = np.exp(-((((d / radius * 4 + 0.5) % 1 - 0.5) * radius / 4 / 0.0035) ** 2))
    rings = rings * (d > radius / 8) * (d < radius * 1.05)
    cross = np.exp(-((np.minimum(np.abs(view.x), np.abs(view.y)) / 0.003) ** 2)) * disc
    edge = np.exp(-(((d - radius) / 0.006) ** 2))
    lines = 0.30 * np.maximum(rings, cross) + 0.75 * edge
    back = palette.backdrop(view, facts["background"])
    back = back + (disc * 0.10 + lines)[..., None] * colour
    n = int(rng.integers(5, 9))
    far, bearing = radius * np.sqrt(rng.uniform(0.04, 0.85, n)), rng.uniform(0, 2 * np.pi, n)
    size = rng.uniform(0.010, 0.018, n)
    way = 1 if facts["direction"] == "clockwise" else -1
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        beam = way * t * SPEED[facts["speed"]] * 1.9
        behind = (way * (beam - angle)) % (2 * np.pi)
        trail = np.exp(-behind / 0.8) * 0.75 * disc
        # the wrap makes the beam's front edge: soften it along the arc
        front = np.exp(-(((2 * np.pi - behind) * d / 0.005) ** 2)) + np.exp(
            -((behind * d / 0.005) ** 2)
        )
        image[:] = back + trail[..., None] * colour + (0.7 * front * disc)[..., None] * lit
        echo = np.exp(-((way * (beam - bearing)) % (2 * np.pi)) / 1.6)
        image += (
            glow(view, far * np.cos(bearing), far * np.sin(bearing), size, echo)[..., None] * lit
        )
    return np.clip(out, 0, 1)
