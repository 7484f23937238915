"""The sun above the sea, its light broken by waves."""

import numpy as np

from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "nature"
EN = (
    "a {c}sunset over the sea",
    "{c}sunset over the ocean",
    "the sun setting over the sea with {c}sky",
    "a {c}sunset with waves",
    "sunrise over a {c}sea",
    "a {c}sunset",
    "a {c}ocean at sunset",
    "{c}evening sun above the water",
    "a {c}seascape with the sun",
    "sunset at the beach, {c}sky",
)
ZH = (
    "海上{c}日落",
    "{c}的海边夕阳",
    "大海上的{c}落日",
    "{c}晚霞与海浪",
    "海面上的{c}日落",
    "{c}日落",
    "{c}夕阳",
    "{c}黄昏的海",
    "太阳落入{c}大海",
    "海边{c}黄昏",
)
# zenith, middle, horizon, sun
SKIES = {
    "orange": ((0.20, 0.13, 0.30), (0.80, 0.30, 0.20), (1.0, 0.66, 0.24), (1.0, 0.93, 0.66)),
    "pink": ((0.24, 0.18, 0.42), (0.80, 0.36, 0.56), (1.0, 0.68, 0.66), (1.0, 0.93, 0.86)),
    "purple": ((0.10, 0.06, 0.26), (0.42, 0.20, 0.56), (0.92, 0.50, 0.58), (1.0, 0.86, 0.74)),
    "gold": ((0.30, 0.24, 0.20), (0.80, 0.56, 0.22), (1.0, 0.83, 0.42), (1.0, 0.98, 0.84)),
    "red": ((0.16, 0.03, 0.08), (0.66, 0.09, 0.10), (1.0, 0.34, 0.14), (1.0, 0.80, 0.48)),
    "blue": ((0.05, 0.12, 0.32), (0.16, 0.36, 0.66), (0.72, 0.76, 0.80), (1.0, 0.97, 0.86)),
}


def facts(rng):
    return {"kind": "sunset", "colour": pick(rng, tuple(SKIES)), "speed": speed(rng)}


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    zenith, middle, horizon, sun = np.array(SKIES[facts["colour"]], np.float32)
    line = view.bottom * rng.uniform(0.05, 0.25)
    sx, sy = view.right * rng.uniform(-0.5, 0.5), line - rng.uniform(0.02, 0.16)
    radius = rng.uniform(0.08, 0.12)
    pace = SPEED[facts["speed"]]
    out = view.blank(times)
    sea = view.y > line
    depth = np.maximum(view.y - line, 1e-3) / view.bottom
    # rows are mirrored at the horizon, so that the sea takes up the sky's colours
    height = np.clip(np.abs(view.y - line) / (line + view.bottom), 0, 1)[..., None]
    sky = np.where(
        height < 0.45,
        horizon + (height / 0.45) ** 0.8 * (middle - horizon),
        middle + (height - 0.45) / 0.55 * (zenith - middle),
    )
    d = np.sqrt((view.x - sx) ** 2 + (view.y - sy) ** 2)
    halo = (np.exp(-d / 0.16) * 0.55 + np.exp(-d / 0.5) * 0.3)[..., None]
    disc = np.clip((radius - d) / (2.5 * view.pixel) + 0.5, 0, 1)[..., None]
    air = sky + halo * (sun - sky) + disc * (sun - sky) * 0.9
    # sea: farther water is denser in perspective
    row = np.log(depth + 0.03) * 5
    path = np.exp(-(((view.x - sx) / (radius * (0.9 + 2.2 * depth))) ** 2))
    body = sky * (0.62 - 0.34 * np.clip(depth, 0, 1))[..., None]
    for image, t in zip(out, map(float, times)):
        streaks = noise.fbm(view.x * 1.1 - 0.1 * t * pace, height[..., 0] * 9, t * 0.25 * pace, 4)
        veil = np.clip(streaks - 0.35, 0, 1)[..., None] * 0.5 * (height > 0)
        lit = air + veil * np.clip(1 - height, 0, 1) * (horizon + 0.25 * (sun - horizon) - air)
        rows = noise(view.x * 5, row * 2.6 - t * pace * 1.2, t * 1.2 * pace)
        rows = rows + noise(view.x * 11 + 7, row * 4.2 - t * pace * 2.2, t * 1.9 * pace) * 0.8
        swell = noise(view.x * 2.2, row * 1.1 - t * pace * 0.7, t * 0.4 * pace)
        glitter = np.clip(path * 1.15 + 0.32 * rows * (0.35 + path) - 0.12, 0, 1)[..., None]
        water = body * (1 + (0.14 * swell + 0.10 * rows) * np.clip(depth * 6, 0.3, 1))[..., None]
        water = water + glitter * (sun * 0.95 - water)
        image[:] = np.where(sea[..., None], water, lit)
    return np.clip(out, 0, 1)
