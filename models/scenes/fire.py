"""Flames that rise from the lower edge."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, size, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "ambient"
EN = (
    "{c}fire",
    "{s}{c}flames",
    "burning {c}flames",
    "a {c}fire burning",
    "{c}flames rising",
    "a {s}{c}flame",
    "{c}fire flames",
    "a {s}blazing {c}fire",
    "{c}campfire flames",
    "a wall of {c}fire",
)
ZH = (
    "{c}火焰",
    "燃烧的{c}火焰",
    "{c}的火",
    "{s}{c}火苗",
    "熊熊燃烧的{c}火",
    "{c}烈火",
    "{c}火光",
    "{s}{c}火堆",
    "一团{c}火",
    "{c}篝火",
)
# what lies between the colour's base and the white-hot core
HEAT = {
    "orange": ((0.45, 0.03, 0), (0.95, 0.32, 0.02), (1, 0.68, 0.12), (1, 0.95, 0.66)),
    "red": ((0.32, 0, 0.01), (0.82, 0.05, 0.03), (1, 0.2, 0.06), (1, 0.74, 0.5)),
    "blue": ((0, 0.03, 0.38), (0.04, 0.26, 0.95), (0.24, 0.62, 1), (0.86, 0.97, 1)),
    "green": ((0, 0.22, 0.05), (0.06, 0.66, 0.16), (0.42, 0.95, 0.30), (0.92, 1, 0.78)),
    "purple": ((0.16, 0.01, 0.34), (0.46, 0.14, 0.88), (0.74, 0.42, 1), (0.97, 0.88, 1)),
}


def facts(rng):
    return {
        "kind": "fire",
        "colour": pick(rng, ("orange", "orange", "red", "blue", "green", "purple")),
        "background": "black",
        "size": size(rng),
        "speed": speed(rng),
        "on_black": True,
    }


def draw(facts, seed, times, view):
    noise, sway = Noise(seed), Noise(seed + 1)
    table = palette.gradient((0, 0, 0), *HEAT[facts["colour"]])
    reach = {"small": 0.42, "medium": 0.68, "large": 1.0}[facts["size"]]
    pace = SPEED[facts["speed"]] ** 0.8
    grid = view.coarse
    height = (view.bottom - grid.y) / reach  # 0 at the lower edge, 1 where flames end
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        rise = t * pace
        x = grid.x + 0.05 * sway(grid.x * 3, grid.y * 3 + rise * 2.4, rise) * np.clip(height, 0, 1)
        stretch = grid.y * 2.1 + rise * 2.4
        heat = 0.62 * noise.at(x * 4.2, stretch, rise * 1.1)
        heat = heat + 0.36 * noise.at(x * 8.4 + 5, stretch * 2 + rise, rise * 1.9)
        heat = heat + 0.18 * noise.at(x * 17 + 9, stretch * 4 + rise * 2, rise * 2.7)
        tongues = 0.16 * noise.line(np.ravel(grid.x) * 2.2, rise * 0.8)[None]
        flame = 1.06 + tongues - height * 1.05 + heat * (0.18 + 0.42 * np.clip(height, 0, 1))
        flame = np.clip(grid.up(flame), 0, 1.2)
        image[:] = palette.paint(table, flame * 0.86)
    return out
