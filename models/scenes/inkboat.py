"""An ink painting: a small boat on wide water."""

import numpy as np

from models.scenes.brush import TONE_NAMES, brush, paper, ridge, tone, wash
from models.scenes.motion import SIDE, SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "ink landscape"
EN = (
    "a {c}ink painting of a boat on a lake",
    "a small boat in {c}ink style",
    "a Chinese {c}ink painting with a boat",
    "a lonely boat on the river, {c}ink wash",
    "a {c}ink wash fishing boat",
    "a boat on the water, {c}ink",
    "a Chinese boatman in {c}ink",
    "a {c}ink painting with a fisherman",
    "a boat drifting on a misty lake, {c}ink",
)
ZH = (
    "{c}水墨小船",
    "{c}水墨画，江上一叶扁舟",
    "中国风{c}水墨渔船",
    "水墨风格{c}孤舟",
    "{c}水墨，湖上泛舟",
    "{c}小船",
    "{c}渔舟",
    "古风{c}小舟",
    "江上{c}渔翁",
)


def facts(rng):
    return {
        "kind": "inkboat",
        "colour": pick(rng, TONE_NAMES),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    light, ink = tone(facts)
    sheet = paper(view, light, seed)
    pace, way = SPEED[facts["speed"]], SIDE[facts["direction"]][0]
    shore = -view.bottom * rng.uniform(0.05, 0.25)
    size = rng.uniform(0.15, 0.19)
    by = view.bottom * rng.uniform(0.30, 0.45)
    depth_water = np.maximum(view.y - shore, 0)
    below = np.clip((view.y - shore) / 0.02, 0, 1)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        # the boat stays near the middle while the far shore glides past
        image[:] = sheet
        for k in range(2):
            depth = ridge(
                view,
                Noise(seed + 30 + k),
                way * s * (0.05 + 0.04 * k) + 9 * k,
                shore - 0.03 + 0.02 * k,
                1.3 + k * 0.5,
                0.13 - 0.05 * k,
            )
            cover = np.clip(depth / view.pixel / 2.5 + 0.5, 0, 1) * (1 - below)
            fade = (0.22 + 0.2 * k) * (0.3 + 0.7 * np.exp(-np.maximum(depth, 0) / 0.09))
            wash(image, cover * fade, ink)
        mist = noise.fbm(view.x * 1.0 + way * 0.10 * s, view.y * 4, s * 0.12, octaves=3)
        wash(
            image,
            np.clip(np.exp(-(((view.y - shore) / 0.07) ** 2)) * (0.6 + 0.4 * mist), 0, 0.9),
            light,
        )
        row = np.log(depth_water + 0.04) * 6
        ripple = noise((view.x + way * 0.16 * s) * 2.4, row - 0.5 * s, s * 0.9)
        ripple = ripple + 0.7 * noise((view.x + way * 0.2 * s) * 5, row * 2 - s, s * 1.3)
        wash(image, below * np.clip(0.06 + 0.11 * ripple + 0.10 * depth_water, 0, 0.5), ink)
        bob = 0.008 * np.sin(2.1 * s)
        x = 0.30 * view.right * np.sin(0.15 * s * way + seed) + way * 0.02 * np.sin(s)
        _boat(view, image, x, by + bob, size, way, 0.03 * np.sin(1.7 * s), ink, light, s)
    return np.clip(out, 0, 1)


def _boat(view, image, x, y, size, way, tilt, ink, light, s):
    """Hull, cabin, and a man with a pole; its mirror image below."""

    def at(points):
        u, v = (np.asarray(points, np.float32) * (way, 1) * size).T
        return np.stack([x + u - v * tilt, y + v + u * tilt], 1)

    # the mirror image, broken by ripples
    shade = np.exp(
        -(((view.x - x) / (size * 0.9)) ** 2) - ((view.y - y - 0.35 * size) / (0.22 * size)) ** 2
    )
    wash(image, 0.32 * shade, ink)
    k = np.linspace(-1, 1, 9)
    hull = np.stack([k * 1.1, 0.16 - 0.20 * np.abs(k) ** 2.4 * np.where(k > 0, 1.25, 1.0)], 1)
    brush(view, image, at(hull), size * (0.13 - 0.10 * np.abs(k) ** 1.5), ink, 0.95)
    arch = np.linspace(0, np.pi, 7)
    cabin = np.stack([-0.25 + 0.38 * np.cos(arch), 0.06 - 0.34 * np.sin(arch)], 1)
    inner = np.stack([-0.25 + 0.22 * np.cos(arch), 0.02 - 0.16 * np.sin(arch)], 1)
    brush(view, image, at(inner), np.full(7, size * 0.10), 0.45 * ink + 0.55 * light, 0.9)
    brush(view, image, at(cabin), np.full(7, size * 0.045), ink, 0.9)
    lean = 0.10 * np.sin(1.6 * s)
    man = [(0.62, 0.02), (0.60 + lean * 0.5, -0.28), (0.62 + lean, -0.46)]
    brush(view, image, at(man), size * np.float32([0.09, 0.085, 0.05]), ink, 0.95)
    hat = [(0.48 + lean, -0.50), (0.62 + lean, -0.62), (0.76 + lean, -0.50)]
    brush(view, image, at(hat), size * np.float32([0.02, 0.06, 0.02]), ink, 0.95)
    pole = [(0.52 + lean, -0.85), (0.72, -0.25), (0.98 - lean, 0.42)]
    brush(view, image, at(pole), np.full(3, size * 0.018), ink, 0.85)
