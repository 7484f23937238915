"""Columns of glyph-like blocks that rain down a screen."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "technology"
EN = (
    "{c}data rain",
    "{c}digital rain",
    "{c}falling code",
    "a {c}stream of data",
    "{c}matrix style code rain",
    "{c}code",
    "{c}computer code falling",
    "{c}hacker code",
    "{c}binary rain",
    "{c}digital matrix",
)
ZH = (
    "{c}数据雨",
    "{c}数字雨",
    "{c}代码雨",
    "{c}数据流下落",
    "{c}黑客代码背景",
    "{c}代码",
    "{c}矩阵代码",
    "{c}数字矩阵",
    "{c}字符雨",
)


def facts(rng):
    return {
        "kind": "datarain",
        "colour": pick(
            rng, ("green", "green", "green", "blue", "cyan", "red", "purple", "orange", "gold")
        ),
        "background": "black",
        "direction": pick(rng, ("down", "down", "down", "up")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    noise = Noise(seed)
    table = palette.gradient((0, 0, 0), *palette.COLOURS[facts["colour"]][:3], (0.95, 1, 0.97))
    wide, tall = 0.068, 0.096
    column = np.floor(view.x / wide).astype(int)
    row = np.floor(view.y / tall).astype(int)
    # a glyph is two by three round dots of a cell, each more or less lit
    gx, gy = (view.x / wide) % 1 * 2.6 - 0.3, (view.y / tall) % 1 * 3.6 - 0.3
    dot_x, dot_y = np.clip(np.floor(gx), 0, 1), np.clip(np.floor(gy), 0, 2)
    d2 = (gx - dot_x - 0.5) ** 2 + (gy - dot_y - 0.5) ** 2
    pen = np.exp(-(d2**1.5) * 9).astype(np.float32)
    dot_x, dot_y = dot_x.astype(int), dot_y.astype(int)
    own = noise.hash(column, np.array([[3]]), 1) * 0.5 + 0.5  # one number per column
    pace = (0.45 + 0.55 * own) * SPEED[facts["speed"]]
    length = 0.55 + 0.5 * (noise.hash(column, np.array([[4]]), 1) * 0.5 + 0.5)
    period = 2 * view.bottom + length
    way = 1 if facts["direction"] == "down" else -1
    y = row * tall * way
    rate = 1.2 * SPEED[facts["speed"]]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        back = (own * 9 + pace * t - y - view.bottom) % period  # how far behind its head
        tail = np.clip(1 - back / length, 0, 1) ** 1.4 * (back > 0)
        # each column changes its glyphs at its own moments, and blends them
        clock = t * rate * (0.5 + own) + own * 40
        shape = np.floor(clock).astype(int)
        lit = [noise.hash(column * 8 + dot_x, row * 8 + dot_y, shape + k) for k in (0, 1)]
        blend = np.clip((clock - shape) * 3 - 2, 0, 1)
        lit = np.clip(0.75 + 0.9 * (lit[0] + blend * (lit[1] - lit[0])), 0.15, 1)
        head = np.clip(1 - back / (2 * tall), 0, 1) * (back > 0)
        value = tail * (0.62 + 0.25 * own) * lit + head * lit * 0.3
        value = value * pen + 0.14 * tail
        image[:] = palette.paint(table, np.clip(value, 0, 1))
    return out
