"""Snow that falls in three depths."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED, density, size, speed
from models.scenes.palette import pick
from models.scenes.particles import glow, wrap

GROUP = "weather"
EN = (
    "falling snow",
    "snowfall with {d}{s}snowflakes",
    "{d}{s}snowflakes falling",
    "{d}{s}snow flakes",
    "snow",
    "snowing",
    "{d}{s}snowflakes in winter",
    "winter snow",
    "a snowstorm with {d}{s}flakes",
)
ZH = (
    "下雪",
    "飘落的雪花",
    "{d}{s}雪花",
    "飘雪",
    "{d}雪花飘落",
    "雪",
    "雪花纷飞",
    "冬天下雪",
    "{d}{s}飘落的雪",
)


def facts(rng):
    background = pick(
        rng, ("dark blue", "dark blue", "black", "dark grey", "dark purple", "dark green")
    )
    return {
        "kind": "snow",
        "colour": "white",
        "background": background,
        "density": density(rng),
        "size": size(rng),
        "direction": pick(rng, ("down", "down", "down left", "down right")),
        "speed": speed(rng),
        "on_black": background == "black",
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = int(110 * (4 * view.right * view.bottom) ** 0.5 * DENSITY[facts["density"]])
    crowd = Crowd(rng, n)
    near = crowd.near**1.8  # most flakes are far away
    radius = (0.0065 + 0.020 * near) * SIZE[facts["size"]]
    extent = np.array([[view.right + 0.1], [view.bottom + 0.1]])
    x0, y0 = crowd.uniform(-1, 1, 2) * extent
    wind = {"down": 0, "down left": -0.5, "down right": 0.5}[facts["direction"]]
    fall = (0.16 + 0.42 * near) * SPEED[facts["speed"]]
    phase, turn = crowd.uniform(0, 2 * np.pi), crowd.uniform(0.8, 2)
    weight = 0.55 + 0.45 * crowd.random()
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        sway = 0.02 * np.sin(phase + t * turn * SPEED[facts["speed"]] ** 0.5)
        x = wrap(x0 + wind * fall * t + sway, extent[0])
        y = wrap(y0 + fall * t, extent[1])
        # distant snow is a dim blur, near flakes are full and white
        light = glow(view, x, y, radius, weight * (0.5 + 0.7 * near))
        light = np.minimum(light, 1)[..., None]
        image[:] = back + light * (np.float32([0.96, 0.98, 1.0]) - back)
    return out
