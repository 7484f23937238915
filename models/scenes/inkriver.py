"""An ink painting: a moon over a river, mirrored in it."""

import numpy as np

from models.scenes.brush import TONE_NAMES, paper, ridge, tone, wash
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "ink landscape"
EN = (
    "a {c}ink painting of the moon over a river",
    "the moon above a river in {c}ink style",
    "a Chinese {c}ink painting with moon and water",
    "{c}ink wash moon over a lake",
    "a moonlit river, {c}ink painting",
    "{c}ink moon and river",
    "a {c}ink night by the river",
    "moon reflected in water, {c}ink",
    "a traditional Chinese {c}moon night",
)
ZH = (
    "{c}水墨江月",
    "{c}水墨画，江上明月",
    "中国风{c}水墨月亮和江水",
    "水墨风格{c}月照江面",
    "{c}水墨，月亮倒映水中",
    "{c}水墨月夜",
    "江上{c}明月",
    "古风{c}月夜",
    "{c}月亮和江",
)


def facts(rng):
    return {"kind": "inkriver", "colour": pick(rng, TONE_NAMES), "speed": speed(rng)}


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    light, ink = tone(facts)
    sheet = paper(view, light, seed)
    pace = SPEED[facts["speed"]]
    shore = view.bottom * rng.uniform(0.05, 0.2)
    mx, my, radius = (
        rng.uniform(-0.5, 0.5) * view.right,
        -view.bottom * rng.uniform(0.35, 0.6),
        0.115,
    )
    dusk = np.exp(-(((view.y - shore) / view.bottom) ** 2) * 3)
    night = 0.30 - 0.16 * dusk
    far = ridge(view, Noise(seed + 1), 0, shore - 0.01, 1.5, 0.12)
    near = ridge(view, Noise(seed + 2), 4, shore + 0.012, 2.2, 0.05)
    above = np.clip((shore - view.y) / view.pixel + 0.5, 0, 1)
    water = np.maximum(view.y - shore, 0)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        image[:] = sheet
        wash(image, night + 0 * view.x, ink)
        d = np.sqrt((view.x - mx) ** 2 + (view.y - my) ** 2)
        wash(image, np.exp(-np.maximum(d - radius, 0) / 0.09) * 0.7 * above, light)
        wash(image, np.clip((radius - d) / view.pixel / 2 + 0.5, 0, 1) * above, light + 0.04)
        veil = noise.fbm(view.x * 1.1 - 0.26 * s, view.y * 4, s * 0.15, octaves=3)
        wash(
            image,
            np.clip(veil * 0.4 - 0.05, 0, 0.5) * above * np.clip(d / 0.35, 0.3, 1),
            ink * 0.7 + light * 0.3,
        )
        for depth, strength in ((far, 0.34), (near, 0.72)):
            cover = np.clip(depth / view.pixel / 2.5 + 0.5, 0, 1) * above
            fade = strength * (0.45 + 0.55 * np.exp(-np.maximum(depth, 0) / 0.08))
            wash(image, cover * fade, ink)
        # the river: ripples break the moon's mirror image
        ripple = noise(view.x * 3, np.log(water + 0.03) * 7 - 1.2 * s, s * 1.1)
        ripple = ripple + 0.6 * noise(view.x * 7, np.log(water + 0.03) * 11 - 2 * s, s * 1.6)
        stretch = radius * (0.75 + 0.9 * water)
        mirror = np.exp(-(((view.x - mx) / stretch) ** 2) * 1.2) * (0.62 + 0.42 * ripple)
        below = 1 - above
        wash(image, below * np.clip(0.10 + 0.13 * ripple + 0.35 * water, 0, 0.6), ink)
        wash(image, below * np.clip(mirror, 0, 0.92), light)
        mist = noise.fbm(view.x * 0.9 + 0.16 * s, view.y * 4 + 9, s * 0.12, octaves=3)
        band = np.exp(-(((view.y - shore) / 0.06) ** 2))
        wash(image, np.clip(band * (0.45 + 0.4 * mist), 0, 0.85), light)
    return np.clip(out, 0, 1)
