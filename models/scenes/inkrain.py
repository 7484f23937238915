"""An ink painting: rain on a lake, rings among lotus leaves."""

import numpy as np

from models.scenes.brush import TONE_NAMES, paper, ridge, tone, wash
from models.scenes.motion import DENSITY, SPEED, density, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick
from models.scenes.particles import boxes, glow, wrap

GROUP = "ink landscape"
EN = (
    "{c}ink painting of rain on a lake",
    "rain on a lake in {c}ink style",
    "a Chinese {c}ink painting with rain and ripples",
    "raindrops on a pond, {c}ink wash",
    "a rainy lake with rings, {c}ink painting",
    "a pond in the rain, {c}ink",
    "{c}lotus pond with rain",
    "raindrop rings on water, {c}ink",
    "misty rain over a lake in {c}ink",
)
ZH = (
    "{c}水墨雨湖",
    "{c}水墨画，雨落湖面",
    "中国风{c}水墨烟雨",
    "水墨风格{c}雨中涟漪",
    "{c}水墨，荷塘细雨",
    "{c}烟雨",
    "雨中{c}湖面",
    "{c}荷塘",
    "古风{c}雨景",
)


def facts(rng):
    return {
        "kind": "inkrain",
        "colour": pick(rng, TONE_NAMES),
        "density": density(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    light, ink = tone(facts)
    light = light * 0.94
    sheet = paper(view, light, seed)
    pace = SPEED[facts["speed"]]
    shore = -view.bottom * rng.uniform(0.15, 0.35)
    for k in range(2):
        depth = ridge(
            view,
            Noise(seed + 50 + k),
            5 * k,
            shore - 0.05 + 0.04 * k,
            1.3 + 0.6 * k,
            0.11 - 0.05 * k,
        )
        cover = np.clip(depth / view.pixel / 4 + 0.5, 0, 1) * np.clip(
            (shore - view.y) / 0.01 + 0.5, 0, 1
        )
        wash(
            sheet,
            cover * (0.20 + 0.22 * k) * (0.35 + 0.65 * np.exp(-np.maximum(depth, 0) / 0.09)),
            ink,
        )
    below = np.clip((view.y - shore) / 0.02, 0, 1)
    near = np.clip((view.y - shore) / (view.bottom - shore), 0, 1)
    leaves = rng.uniform([-1, 0.25, 0.7], [1, 1.0, 1.2], (int(5 * view.right), 3))
    rings = int(30 * view.right * DENSITY[facts["density"]])
    rx, ry, when = rng.random((3, rings))
    drops = int(60 * (2 * view.right) ** 0.5 * DENSITY[facts["density"]])
    x0, y0 = rng.uniform(-1, 1, (2, drops)) * [[view.right + 0.1], [view.bottom + 0.1]]
    far = rng.random(drops)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        image[:] = sheet
        ripple = noise(view.x * 2.2, np.log(near + 0.08) * 5 - 0.4 * s, s * 0.8)
        wash(image, below * np.clip(0.10 + 0.08 * ripple + 0.14 * near, 0, 0.5), ink)
        for u, v, size in leaves:
            x, y = u * view.right + 0.008 * np.sin(s + 9 * u), shore + v * (view.bottom - shore)
            _leaf(view, image, x, y, (0.045 + 0.075 * v) * size, ink)
        life = when + 0.9 * s**1.0
        age, number = life % 1, np.floor(life)
        v = (ry + number * 0.382) % 1
        x, y = ((rx + number * 0.618) % 1 * 2 - 1) * view.right, shore + v * (view.bottom - shore)
        reach = (0.035 + 0.085 * v) * (0.15 + 0.85 * age)
        for i, box, dx, dy in boxes(view, x, y, reach + 0.02):
            d = np.sqrt(dx * dx + (dy * 2.4) ** 2)
            ring = np.exp(-(((d - reach[i]) / 0.0065) ** 2)) + 0.6 * np.exp(
                -(((d - 0.55 * reach[i]) / 0.006) ** 2)
            )
            wash(image[box], np.clip(ring * 0.62 * (1 - age[i]) ** 0.8, 0, 1), ink)
        fall = (0.7 + 0.5 * far) * pace**0.6
        y = wrap(y0 + fall * t, view.bottom + 0.1)
        streaks = glow(
            view, x0, y, 0.0025 + 0.0015 * far, 0.16 + 0.16 * far, tall=0.035 + 0.03 * far
        )
        wash(image, np.clip(streaks, 0, 0.6), 0.8 * ink)
        mist = noise.fbm(view.x * 0.9 - 0.12 * s, view.y * 4, s * 0.12, octaves=3)
        wash(
            image,
            np.clip(np.exp(-(((view.y - shore) / 0.08) ** 2)) * (0.5 + 0.4 * mist), 0, 0.9),
            light,
        )
    return np.clip(out, 0, 1)


def _leaf(view, image, x, y, size, ink):
    """A lotus leaf seen from the side: a flat ellipse with a notch and veins."""
    for _, box, dx, dy in boxes(view, [x], [y], size * 1.1):
        u, v = dx / size, dy * 2.6 / size
        r, angle = np.sqrt(u * u + v * v), np.arctan2(v, u)
        notch = np.clip((np.abs(angle - 0.6) - 0.12) * r / 0.06, 0, 1)
        cover = np.clip((1 - r) * size / 2.6 / view.pixel / 1.5 + 0.5, 0, 1) * notch
        vein = 0.10 * np.cos(angle * 9) ** 8 * r
        wash(image[box], np.clip(cover * (0.66 - 0.26 * r - vein), 0, 1), ink)
