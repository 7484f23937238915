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
    wide, tall = 0.060, 0.080
    column = np.floor(view.x / wide).astype(int)
    row = np.floor(view.y / tall).astype(int)
    fx, fy = (view.x / wide) % 1, (view.y / tall) % 1
    # a glyph: three by four dots of a cell, on or off by a hash that changes now and then
    gx, gy = np.floor(np.clip((fx - 0.10) / 0.27, 0, 2.99)), np.floor(
        np.clip((fy - 0.06) / 0.22, 0, 3.99)
    )
    soft_x = np.clip(np.minimum(fx - 0.10, 0.90 - fx) / 0.08, 0, 1)
    soft_y = np.clip(np.minimum(fy - 0.06, 0.94 - fy) / 0.07, 0, 1)
    pen = (soft_x * soft_y).astype(np.float32)
    own = noise.hash(column, np.array([[3]]), 1) * 0.5 + 0.5  # one number per column
    pace = (0.45 + 0.55 * own) * SPEED[facts["speed"]]
    length = 0.55 + 0.5 * (noise.hash(column, np.array([[4]]), 1) * 0.5 + 0.5)
    period = 2 * view.bottom + length
    way = 1 if facts["direction"] == "down" else -1
    y = row * tall * way
    rate = 2.5 * SPEED[facts["speed"]]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        back = (own * 9 + pace * t - y - view.bottom) % period  # how far behind its head
        tail = np.clip(1 - back / length, 0, 1) ** 1.4 * (back > 0)
        shape = np.floor(t * rate * (0.5 + own) + own * 40).astype(int)
        on = noise.hash(column * 8 + gx.astype(int), row * 8 + gy.astype(int), shape) > -0.25
        head = back < tall
        value = tail * (0.62 + 0.25 * own) * np.where(on, 1, 0.22) + head * on * 0.3
        haze = 0.10 * tail
        image[:] = palette.paint(table, np.clip(value * pen + haze, 0, 1))
    return out
