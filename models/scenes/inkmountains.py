"""An ink painting: layered mountains in drifting mist."""

import numpy as np

from models.scenes.brush import TONE_NAMES, paper, ridge, tone
from models.scenes.motion import SIDE, SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "ink landscape"
EN = (
    "{c}ink painting of mountains in mist",
    "a Chinese {c}ink landscape with misty mountains",
    "{c}ink wash mountains",
    "misty mountains in {c}ink style",
    "a shan shui painting in {c}ink",
    "{c}Chinese mountains",
    "a {c}landscape in ink",
    "{c}ink mountains with fog",
    "traditional Chinese {c}mountains",
)
ZH = (
    "{c}水墨山水",
    "{c}水墨画，云雾中的群山",
    "中国风{c}水墨远山",
    "云雾缭绕的{c}水墨山峦",
    "{c}水墨风格的山",
    "{c}水墨",
    "{c}国画山水",
    "{c}远山",
    "古风{c}山水",
)
LAYERS = 5


def facts(rng):
    return {
        "kind": "inkmountains",
        "colour": pick(rng, TONE_NAMES),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, mist = np.random.default_rng(seed), Noise(seed)
    light, ink = tone(facts)
    sheet = paper(view, light, seed)
    pace = SPEED[facts["speed"]]
    way = SIDE[facts["direction"]][0]
    level = np.linspace(-0.18, 0.62, LAYERS) * view.bottom * 1.5
    height = rng.uniform(0.10, 0.17, LAYERS) * np.linspace(1.2, 0.9, LAYERS)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        amount = np.zeros((view.h, view.w), np.float32)  # of ink on the paper
        for k in range(LAYERS):
            # the camera glides: nearer ridges pass faster
            shift = -way * t * pace * (0.015 + 0.022 * k) * 1.6 + 7.7 * k
            depth = ridge(view, Noise(seed + 20 + k), shift, level[k], 1.3 + 0.25 * k, height[k])
            cover = np.clip(depth / np.float32(view.pixel * 2.5) + 0.5, 0, 1)
            # ink is dark at the crest and thins out into the mist below
            fade = np.exp(np.maximum(depth, 0) / np.float32(-0.10 - 0.03 * k))
            amount += cover * ((0.14 + 0.17 * k) * (0.22 + 0.78 * fade) - amount)
            if k < LAYERS - 1:
                x = view.x - way * t * pace * (0.10 + 0.04 * k)
                n = mist.fbm(x * 1.1 + 5 * k, view.y * 3.2, t * 0.16 * pace, octaves=3)
                band = np.exp(-(((view.y - level[k] - 0.12) / 0.13) ** 2))
                amount *= 1 - np.clip(band * (0.55 + 0.5 * n), 0, 0.95)
        image[:] = sheet + amount[..., None] * (ink - sheet)
    return np.clip(out, 0, 1)
