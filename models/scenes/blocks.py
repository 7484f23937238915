"""Blocks that fall, bounce, rest and sink away."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED, density, size, speed
from models.scenes.palette import PLAIN, VIVID, another, pick
from models.scenes.particles import boxes
from models.scenes.shapes import stage

GROUP = "shapes"
EN = (
    "{d}{s}{c}falling blocks",
    "{d}{s}{c}blocks falling down",
    "{d}{c}cubes falling",
    "{d}{s}{c}squares dropping and bouncing",
    "{c}boxes falling on the floor",
    "{d}{s}{c}blocks",
    "{d}{s}{c}boxes dropping",
    "{d}tumbling {c}blocks",
    "{d}{s}{c}toy blocks falling",
)
ZH = (
    "{d}{c}方块下落",
    "下落的{s}{c}方块",
    "{d}{c}积木掉落",
    "{c}方块落地弹起",
    "{d}{s}{c}盒子掉下",
    "{d}{s}{c}方块",
    "{d}{c}箱子落下",
    "翻滚的{d}{c}方块",
    "{d}{s}{c}积木落下",
)


def facts(rng):
    colour = pick(rng, ("colourful",) * 5 + VIVID)
    return {
        "kind": "blocks",
        "colour": colour,
        "colour2": None if colour == "colourful" else another(rng, VIVID, colour),
        "background": pick(rng, PLAIN),
        "density": density(rng),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    half = 0.082 * SIZE[facts["size"]]
    n = max(int(2 * view.right / half / 4.2 * DENSITY[facts["density"]] ** 0.8), 3)
    floor = view.bottom * 0.80
    drop = floor - half + view.bottom + 2 * half
    crowd, place = Crowd(rng, n), np.arange(n)
    clock, rate = crowd.random(), crowd.uniform(0.25, 0.34) * SPEED[facts["speed"]] ** 0.7
    lanes = crowd.spread()
    colours = palette.shades(Crowd(rng, 64), facts["colour"], facts["colour2"])
    back = stage(view, facts["background"], floor)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        life = clock + rate * t
        age, number = life % 1, np.floor(life).astype(int)
        x = (lanes * 2 - 1 + 0.05 * np.sin(number * 2.4 + place * 1.7)) * 0.92 * view.right
        height, tilt = _fall(age)
        y = floor - half - height * drop + 2.4 * half * np.clip((age - 0.86) / 0.14, 0, 1) ** 2
        angle = tilt * np.where((place + number) % 2, 1.4, -1.4)
        c, s = np.cos(angle), np.sin(angle)
        for i, box, dx, dy in boxes(view, x, y, half * 1.8):
            u, v = (dx * c[i] + dy * s[i]) / half, (dy * c[i] - dx * s[i]) / half
            d = _rounded(u, v, 0.18)
            cover = np.clip(0.5 - d * half / (1.5 * view.pixel), 0, 1)
            # what sinks below the floor is hidden by it
            cover = cover * np.clip((floor + 0.004 - y[i] - dy) / view.pixel + 0.5, 0, 1)
            bevel = np.clip((-d - 0.02) / 0.16, 0, 1)
            light = (
                0.92 - 0.13 * (u * c[i] * 0.4 + v) + (1 - bevel) * np.where(v + u < 0, 0.16, -0.16)
            )
            colour = colours[(i * 7 + number[i]) % 64]
            body = np.clip(colour * light[..., None], 0, 1).astype(np.float32)
            image[box] += cover[..., None] * (body - image[box])
    return np.clip(out, 0, 1)


def _fall(age):
    """Height (1: above the picture, 0: on the floor) and tilt over a block's life."""
    fall = 1 - (np.clip(age, 0, 0.46) / 0.46) ** 2
    first = np.clip((age - 0.46) / 0.22, 0, 1)
    second = np.clip((age - 0.68) / 0.12, 0, 1)
    height = fall + 0.24 * 4 * first * (1 - first) + 0.06 * 4 * second * (1 - second)
    tilt = fall + 0.25 * 4 * first * (1 - first)
    return height, tilt


def _rounded(u, v, corner):
    """Signed distance of a square of half width one with round corners."""
    a, b = np.abs(u) - 1 + corner, np.abs(v) - 1 + corner
    outside = np.sqrt(np.maximum(a, 0) ** 2 + np.maximum(b, 0) ** 2)
    return outside + np.minimum(np.maximum(a, b), 0) - corner
