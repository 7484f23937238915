"""Drifting nodes, with lines between those that are near each other."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SPEED, density, speed
from models.scenes.palette import DARK, VIVID, pick
from models.scenes.particles import glow, wrap
from models.scenes.shapes import stroke

GROUP = "technology"
EN = (
    "a {c}particle network",
    "a {c}network of connected dots",
    "{c}plexus lines and dots",
    "connected {c}nodes",
    "a {c}digital network",
    "a {c}technology background",
    "{c}connections",
    "a {c}web of lines and nodes",
    "a {c}data network",
    "{c}dots joined by lines",
)
ZH = (
    "{c}粒子网络",
    "{c}连接的节点",
    "{c}点线网络",
    "{c}科技网络",
    "{c}的点与线连接",
    "{c}科技背景",
    "{c}数据网络",
    "{c}互联网络",
    "{c}连线粒子",
)


def facts(rng):
    return {
        "kind": "network",
        "colour": pick(rng, ("blue",) + VIVID + ("white",)),
        "background": pick(rng, DARK),
        "density": density(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    more = DENSITY[facts["density"]] ** 0.5
    n = int(34 * (4 * view.right * view.bottom) ** 0.7 * more / 1.5)
    extent = np.array([view.right + 0.15, view.bottom + 0.15])
    crowd = Crowd(rng, n)
    start = crowd.uniform(-1, 1, 2).T * extent
    drift = crowd.normal(0.10, 2).T * SPEED[facts["speed"]]
    size = crowd.uniform(0.009, 0.017)
    near = 0.36 / more
    colour, lit = palette.base(facts["colour"]), palette.bright(facts["colour"])
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        p = wrap(start + drift * t, extent)
        distance = np.hypot(*(p[:, None] - p[None]).transpose(2, 0, 1))
        for i, j in zip(*np.nonzero(np.triu(distance < near, 1))):
            fade = 1 - distance[i, j] / near
            stroke(view, image, (p[i], p[j]), 0.0032, colour, 0.95 * fade**0.7, 0.004, True)
        image += glow(view, p[:, 0], p[:, 1], size, np.full(n, 1.0))[..., None] * lit
        image += glow(view, p[:, 0], p[:, 1], size * 3, np.full(n, 0.28))[..., None] * colour
    return np.clip(out, 0, 1)
