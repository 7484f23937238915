"""A flight through stars."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SPEED, density, speed
from models.scenes.palette import pick
from models.scenes.particles import glow

GROUP = "space"
EN = (
    "a {c}starfield",
    "{d}{c}stars",
    "flying through {d}{c}stars",
    "a flight through space with {d}{c}stars",
    "a {c}star field",
    "{c}warp speed stars",
    "{c}outer space",
    "flying through space, {c}stars",
    "{c}stars in deep space",
    "a {c}hyperspace flight",
)
ZH = (
    "{c}星空",
    "{d}{c}星星",
    "穿越{c}星空",
    "{c}星海飞行",
    "太空中{d}{c}的星星",
    "{c}宇宙星空",
    "{c}太空飞行",
    "{c}群星",
    "飞越{c}太空",
)
FAR = 1.6  # depth of the tunnel that the stars live in


def facts(rng):
    return {
        "kind": "starfield",
        "colour": pick(
            rng, ("white", "white", "blue", "gold", "purple", "cyan", "pink", "colourful")
        ),
        "background": pick(rng, ("black", "black", "dark blue", "dark purple")),
        "density": density(rng),
        "direction": pick(rng, ("towards", "towards", "away")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = int(150 * DENSITY[facts["density"]] ** 0.7)
    spread = np.hypot(view.right, view.bottom)
    crowd = Crowd(rng, n)
    angle = crowd.uniform(0, 2 * np.pi)
    away = spread * np.sqrt(crowd.uniform(0.01, 1.2))
    colour = palette.shades(crowd, facts["colour"])
    place, brightness = crowd.random(), crowd.uniform(0.5, 1)
    pace = SPEED[facts["speed"]] * (0.42 if facts["direction"] == "towards" else -0.42)
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        depth = FAR * (1 - (place + pace * t / FAR) % 1) + 0.06
        # a trail of three dots lies on the star's own way, shorter when it is far
        light = 0.0
        for k in range(3):
            z = depth + 0.012 * k * np.sign(pace) * SPEED[facts["speed"]]
            x, y = away * np.cos(angle) / z * 0.5, away * np.sin(angle) / z * 0.5
            radius = np.clip(0.0055 / z, 0.006, 0.028)
            fade = brightness * np.clip((FAR + 0.06 - z) / 0.5, 0, 1) * (1, 0.6, 0.35)[k]
            light = light + glow(view, x, y, radius, (fade[:, None] * colour))
            if k == 0:
                halo = (0.16 * fade * np.clip(0.4 / depth, 0, 1))[:, None] * colour
                light = light + glow(view, x, y, radius * 3.2, halo)
        image[:] = back + light * 1.25
    return np.clip(out, 0, 1)
