"""Clouds that drift across a sky."""

import numpy as np

from models.scenes.motion import SIDE, SPEED, density, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick

GROUP = "ambient"
EN = (
    "{c}clouds in {sky}",
    "{d}{c}clouds drifting across {sky}",
    "{c}clouds and {sky}",
    "{sky} with {d}{c}clouds",
    "{d}fluffy {c}clouds",
    "{c}clouds in the sky",
    "a cloudy sky, {sky}",
    "{d}{c}clouds, {sky}",
)
ZH = (
    "{sky}中的{c}云",
    "{c}云朵飘过{sky}",
    "{sky}和{d}{c}云彩",
    "{sky}下{d}{c}云朵",
    "{c}云彩",
    "多云的{sky}",
    "{c}白云飘动，{sky}",
    "天上的{d}{c}云",
)
# sky: top, horizon; clouds that suit it: shadow, light
SKIES = {
    "blue": (((0.10, 0.33, 0.74), (0.52, 0.76, 0.95)), {"white": ((0.70, 0.76, 0.84), (1, 1, 1))}),
    "sunset": (
        ((0.24, 0.20, 0.48), (0.98, 0.58, 0.28)),
        {
            "pink": ((0.56, 0.30, 0.48), (1.0, 0.66, 0.68)),
            "orange": ((0.62, 0.26, 0.24), (1.0, 0.72, 0.40)),
        },
    ),
    "grey": (
        ((0.36, 0.40, 0.46), (0.62, 0.66, 0.70)),
        {"silver": ((0.24, 0.27, 0.31), (0.80, 0.82, 0.85))},
    ),
    "night": (
        ((0.01, 0.02, 0.08), (0.06, 0.09, 0.22)),
        {
            "silver": ((0.05, 0.06, 0.12), (0.44, 0.49, 0.60)),
            "blue": ((0.03, 0.05, 0.16), (0.24, 0.36, 0.72)),
        },
    ),
}


def facts(rng):
    sky = pick(rng, tuple(SKIES))
    return {
        "kind": "clouds",
        "colour": pick(rng, tuple(SKIES[sky][1])),
        "sky": sky,
        "density": density(rng),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    noise, detail = Noise(seed), Noise(seed + 1)
    sky, clouds = SKIES[facts["sky"]]
    shadow, lit = np.array(clouds[facts["colour"]], np.float32)
    height = np.clip((view.y / view.bottom + 1) / 2, 0, 1)[..., None]
    top, horizon = np.array(sky, np.float32)
    back = top + height**1.3 * (horizon - top) + 0 * view.x[..., None]
    threshold = {"few": 0.55, "some": 0.1, "many": -0.45}[facts["density"]]
    pace = SPEED[facts["speed"]]
    way = SIDE[facts["direction"]][0] * pace * 0.3
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        x = view.x - way * t
        y = view.y * 1.7
        shape = noise.fbm(x * 1.6, y * 1.6, t * 0.15 * pace, octaves=6, gain=0.56)
        # the same clouds seen a little towards the light: where it thins, they are lit
        above = noise.fbm(x * 1.6 + 0.10, y * 1.6 - 0.22, t * 0.15 * pace, octaves=3)
        cover = np.clip((shape - threshold) * 1.1, 0, 1)
        cover = (cover * cover * (3 - 2 * cover))[..., None]
        light = np.clip(0.62 + 0.38 * (shape - above) + 0.1 * detail(x * 9, y * 9), 0, 1)[..., None]
        image[:] = back + cover * (shadow + light * (lit - shadow) - back)
    return out
