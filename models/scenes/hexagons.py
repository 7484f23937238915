"""A hexagon pattern in which cells light up in passing waves."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.noise import Noise
from models.scenes.palette import VIVID, another, pick

GROUP = "technology"
EN = (
    "a {c}hexagon pattern",
    "{s}{c}hexagons",
    "a {c}honeycomb background",
    "glowing {c}hexagon tiles",
    "a {c}hexagonal tech background",
    "{c}hexagons",
    "{s}{c}honeycombs",
    "a wall of {c}hexagons",
    "a {s}{c}hexagon grid",
    "{c}hexagonal cells",
)
ZH = (
    "{c}六边形图案",
    "{c}六边形背景",
    "{c}蜂窝纹理",
    "发光的{c}六边形",
    "{c}六角科技背景",
    "{c}六边形",
    "{c}蜂巢",
    "{s}{c}六边形网格",
    "{c}六边形墙",
)


def facts(rng):
    colour = pick(rng, ("blue",) + VIVID + ("silver",))
    return {
        "kind": "hexagons",
        "colour": colour,
        "colour2": another(rng, VIVID, colour, 0.3),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    noise = Noise(seed)
    first, second = palette.ramp(facts["colour"]), palette.ramp(facts["colour2"] or facts["colour"])
    cell = 0.15 * SIZE[facts["size"]]
    # the nearer of two rectangular lattices' centres is the hexagon that a point lies in
    u, v = np.broadcast_arrays(view.x / cell, view.y / cell)
    step = np.float32([1, np.sqrt(3)])
    best = None
    for shift in ((0, 0), (0.5, np.sqrt(3) / 2)):
        ci = np.round((u - shift[0]) / step[0]) * step[0] + shift[0]
        cj = np.round((v - shift[1]) / step[1]) * step[1] + shift[1]
        d2 = (u - ci) ** 2 + (v - cj) ** 2
        if best is None:
            best = [d2, ci, cj]
        else:
            nearer = d2 < best[0]
            best = [np.where(nearer, a, b) for a, b in zip((d2, ci, cj), best)]
    _, ci, cj = best
    du, dv = np.abs(u - ci), np.abs(v - cj)
    to_edge = 0.5 - np.maximum(du, du * 0.5 + dv * np.sqrt(3) / 2)
    soft = 1.5 * view.pixel / cell
    tile = np.clip((to_edge - 0.04) / (2 * soft) + 0.5, 0, 1)
    bevel = np.clip(to_edge / 0.14, 0, 1)
    rim = np.exp(-(((to_edge - 0.075) / 0.035) ** 2))
    index_i, index_j = np.round(ci * 2).astype(int), np.round(cj * 2 / np.sqrt(3)).astype(int)
    own = noise.hash(index_i, index_j, 5)  # each cell's own character
    # light is computed per cell: cells in a row of the lattice share little
    keys, inverse = np.unique(index_i * 4096 + index_j, return_inverse=True)
    first_at = np.unique(index_i * 4096 + index_j, return_index=True)[1]
    px, py = ci.ravel()[first_at] * cell, cj.ravel()[first_at] * cell
    inverse, character = inverse.reshape(u.shape), own.ravel()[first_at]
    pace = SPEED[facts["speed"]]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        wave = noise.at(px * 1.6 + 0.5 * t * pace, py * 1.6 - 0.3 * t * pace, t * 0.9 * pace)
        blink = np.sin(character * 20 + t * 2.2 * pace) * 0.10
        light = np.clip(0.50 + 0.20 * wave + 0.10 * character + blink, 0.22, 1)[inverse]
        value = tile * light * (0.72 + 0.28 * bevel) + rim * light**2 * 0.35
        value += (1 - tile) * 0.40 * light
        image[:] = palette.paint(first, np.clip(value, 0, 1))
        if facts["colour2"]:
            m = np.clip(0.5 + character * 1.6, 0, 1)[inverse][..., None]
            image += m * (palette.paint(second, np.clip(value, 0, 1)) - image)
    return out
