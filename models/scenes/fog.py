"""Fog that drifts between layers of hills or trees."""

import numpy as np

from models.scenes.motion import SIDE, SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, pick

GROUP = "weather"
EN = (
    "{c}fog",
    "{c}fog drifting over hills",
    "a foggy {c}landscape",
    "{c}mist between hills",
    "thick {c}fog",
    "{c}mist",
    "{c}haze over the hills",
    "rolling {c}fog",
    "a {c}misty valley",
    "mountains in {c}fog",
)
ZH = (
    "{c}雾",
    "山间{c}雾气",
    "{c}薄雾飘过山丘",
    "雾蒙蒙的{c}山景",
    "{c}浓雾",
    "{c}薄雾",
    "{c}雾中的山",
    "弥漫的{c}雾",
    "{c}山谷晨雾",
)


def facts(rng):
    return {
        "kind": "fog",
        "colour": pick(rng, ("silver", "silver", "white", "blue", "teal", "purple", "orange")),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    noise, land = Noise(seed), Noise(seed + 1)
    c = COLOURS[facts["colour"]]
    dark, base, bright = (np.float32(v) for v in c[:3])
    air = 0.55 * base + 0.45 * bright
    drift = SIDE[facts["direction"]][0] * SPEED[facts["speed"]] * 0.4
    level = (view.y / view.bottom + 1) / 2
    sky = air + (1 - level)[..., None] * 0.4 * (base - air)
    flat = np.zeros((1, 1), np.float32)
    covers = []
    for k in range(4):
        crest = 0.07 * land.fbm(view.x * (1.6 + 0.5 * k), flat + 20 * k, octaves=5)
        foot = (-0.22 + 0.30 * k) * view.bottom * 1.4
        covers.append(np.clip((view.y - foot - crest) / view.pixel / 2 + 0.5, 0, 1)[..., None])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = sky
        for k in range(4):
            # far hills are nearly the colour of the air; fog lies in front of each
            hill = air + (0.30 + 0.22 * k) * (dark * 0.8 - air)
            image += covers[k] * (hill - image)
            x = view.x - drift * (0.5 + 0.35 * k) * t
            n = noise.fbm(x * 1.2 + 9 * k, view.y * 2.8, t * 0.22 * SPEED[facts["speed"]], 4)
            low = np.exp(-(((view.y - (-0.02 + 0.26 * k) * view.bottom * 1.4) / 0.20) ** 2))
            veil = np.clip(low * (0.58 + 0.60 * n), 0, 0.95)[..., None]
            image += veil * (air - image)
    return np.clip(out, 0, 1)
