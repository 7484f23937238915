"""Beams of light that fan out from a point above, with dust in them."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import VIVID, pick
from models.scenes.particles import glow, wrap

GROUP = "ambient"
EN = (
    "{c}light rays",
    "{c}rays of light from {place}",
    "{c}volumetric light beams",
    "{c}god rays from {place}",
    "beams of {c}light",
    "{c}sun rays from {place}",
    "{c}spotlight beams",
    "shining {c}light",
    "{c}stage lights from {place}",
    "{c}light shining from {place}",
)
ZH = (
    "{c}光线",
    "从{place}射下的{c}光束",
    "{c}体积光",
    "{c}光芒四射",
    "来自{place}的{c}光",
    "{c}射线",
    "{c}舞台灯光",
    "{c}聚光灯",
    "从{place}照下来的{c}光",
)
PLACES = {"left": -0.75, "top": 0.0, "right": 0.75}


def facts(rng):
    return {
        "kind": "rays",
        "colour": pick(rng, ("gold",) + VIVID + ("white",)),
        "background": pick(rng, ("black", "dark blue", "dark purple", "dark green")),
        "place": pick(rng, tuple(PLACES)),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    sx, sy = PLACES[facts["place"]] * view.right, -view.bottom * 1.25
    dx, dy = view.x - sx, view.y - sy
    angle = np.arctan2(dx, dy)
    fan = np.linspace(-np.pi, np.pi, 2048)
    index = np.clip((angle / np.pi + 1) * 1023.5, 0, 2047).astype(np.int32)
    reach = np.sqrt(dx * dx + dy * dy) / (2.2 * view.bottom)
    fall = np.exp(-1.1 * reach**2) * 0.95
    core = np.exp(-((reach / 0.22) ** 2))
    n = 40
    extent = np.array([[view.right], [view.bottom]])
    dust, drift = rng.uniform(-1, 1, (2, n)) * extent, rng.normal(0, 0.06, (2, n))
    size, light = rng.uniform(0.005, 0.012, n), rng.uniform(0.1, 0.5, n)
    pace = SPEED[facts["speed"]]
    table = palette.ramp(facts["colour"])
    back = palette.backdrop(view, facts["background"]) * 0.6
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        beams = noise.line(fan * 5, t * pace * 0.9) + 0.8 * noise.line(
            fan * 13 + 40, t * pace * 1.3
        )
        beams = np.clip(0.42 + 0.33 * beams, 0.02, 1.3).astype(np.float32)[index]
        x, y = wrap(dust + drift * t * pace, extent)
        motes = glow(view, x, y, size, light)
        value = np.clip(fall * beams + core * 0.7 + motes * beams, 0, 1)
        image[:] = back + palette.paint(table, value * 0.92) * (1 - 0.4 * back)
    return np.clip(out, 0, 1)
