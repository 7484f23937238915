"""Paper confetti that tumbles down."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED, density, size, speed
from models.scenes.palette import VIVID, another, pick
from models.scenes.particles import boxes, wrap

GROUP = "celebration"
EN = (
    "{d}{s}{c}confetti",
    "{c}confetti falling",
    "falling {d}{c}confetti",
    "{c}party confetti",
    "{s}{c}paper confetti raining down",
    "{d}{s}{c}paper pieces falling",
    "a {c}party with confetti",
    "a celebration with {c}confetti",
    "{c}confetti rain",
    "{d}{c}confetti in the air",
)
ZH = (
    "{d}{c}彩纸",
    "飘落的{c}彩纸",
    "{c}纸屑飘落",
    "{d}{c}五彩纸屑",
    "庆祝的{c}彩带纸片",
    "{c}彩纸",
    "{c}碎纸飘落",
    "{c}派对彩纸",
    "撒{d}{c}纸花",
)


def facts(rng):
    colour = pick(rng, ("colourful",) * 8 + VIVID + ("gold", "silver"))
    background = pick(rng, ("black", "dark blue", "dark purple", "white", "light blue", "beige"))
    return {
        "kind": "confetti",
        "colour": colour,
        "colour2": None if colour == "colourful" else another(rng, VIVID, colour),
        "background": background,
        "density": density(rng),
        "size": size(rng),
        "speed": speed(rng),
        "on_black": background == "black",
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = int(62 * (4 * view.right * view.bottom) ** 0.5 * DENSITY[facts["density"]])
    crowd = Crowd(rng, n)
    half = crowd.uniform(0.022, 0.038) * SIZE[facts["size"]]
    shape = crowd.uniform(0.5, 1.0)
    extent = np.array([[view.right + 0.1], [view.bottom + 0.1]])
    x0, y0 = crowd.uniform(-1, 1, 2) * extent
    fall = crowd.uniform(0.2, 0.42) * SPEED[facts["speed"]]
    phase, turn = crowd.uniform(0, 2 * np.pi, 3), crowd.uniform(1.2, 4, 3)
    turn *= crowd.sign(3) * SPEED[facts["speed"]] ** 0.7
    colour = palette.shades(crowd, facts["colour"], facts["colour2"])
    back = palette.backdrop(view, facts["background"])
    soft = 1.5 * view.pixel
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        spin, flip, sway = phase + turn * t
        x = wrap(x0 + 0.03 * np.sin(sway), extent[0])
        y = wrap(y0 + fall * t, extent[1])
        # a flake seen edge on is thin; its two sides catch the light differently
        wide, tall = half, half * shape * (0.18 + 0.82 * np.abs(np.cos(flip)))
        light = 0.86 + 0.26 * np.cos(flip)
        c, s = np.cos(spin), np.sin(spin)
        for i, box, dx, dy in boxes(view, x, y, half * 1.5):
            u, v = dx * c[i] + dy * s[i], dy * c[i] - dx * s[i]
            d = np.maximum(np.abs(u) - wide[i], np.abs(v) - tall[i])
            cover = np.clip(0.5 - d / soft, 0, 1).astype(np.float32)[..., None]
            image[box] += cover * (np.minimum(colour[i] * np.float32(light[i]), 1) - image[box])
    return out
