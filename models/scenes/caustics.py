"""Light that water focuses into moving threads."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "ambient"
EN = (
    "{c}water caustics",
    "{c}underwater light",
    "rippling {c}water with caustics",
    "the surface of a {c}pool",
    "{c}light patterns under water",
    "{c}water ripples with light",
    "sunlight through {c}water",
    "shimmering {c}water",
    "a {c}water surface from below",
    "{c}water texture",
)
ZH = (
    "{c}水波光纹",
    "水下的{c}光",
    "{c}水面波光",
    "{c}泳池水纹",
    "{c}水中的光影",
    "{c}水面",
    "波光粼粼的{c}水面",
    "{c}水纹",
    "阳光透过{c}水",
)


def facts(rng):
    colour = pick(rng, ("blue", "cyan", "teal", "green", "purple", "gold"))
    return {"kind": "caustics", "colour": colour, "speed": speed(rng)}


def draw(facts, seed, times, view):
    noise = Noise(seed)
    c = palette.COLOURS[facts["colour"]]
    mid = 0.55 * np.array(c.dark) + 0.45 * np.array(c.base)
    table = palette.gradient(mid * 0.8, c.base, c.bright, (1, 1, 1))
    pace = SPEED[facts["speed"]] * 0.8
    grid = view.coarse
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        # threads lie where a bent noise crosses zero; two layers make a net
        u = grid.x + 0.10 * noise.at(grid.x * 2.3, grid.y * 2.3, s * 0.6)
        v = grid.y * 1.25 + 0.10 * noise.at(grid.x * 2.3 + 7, grid.y * 2.3, s * 0.6)
        net = 0.0
        for k, scale in enumerate((3.6, 5.0)):
            n = noise.at(u * scale + 31 * k + 0.2 * s, v * scale - 0.25 * s, s * (0.9 + 0.4 * k))
            n = np.abs(grid.up(n))
            net = net + (0.62 - 0.14 * k) * np.exp(-n / 0.16) + 0.12 * np.exp(-n / 0.6)
        swell = noise(view.x * 1.1, view.y * 1.1, s * 0.4)
        image[:] = palette.paint(table, np.clip(0.10 + 0.75 * net + 0.06 * swell, 0, 1))
    return out
