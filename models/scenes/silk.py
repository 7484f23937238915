"""Folds of silk that flow like slow ribbons."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, another, pick

GROUP = "ambient"
EN = (
    "{c}silk ribbons",
    "flowing {c}silk",
    "{c}satin fabric folds",
    "{c}silk cloth waving",
    "smooth {c}ribbons",
    "{c}fabric waving",
    "a {c}cloth with soft folds",
    "{c}silk background",
    "wavy {c}satin",
    "elegant {c}silk",
)
ZH = (
    "{c}丝带",
    "飘动的{c}丝绸",
    "{c}绸缎",
    "{c}丝绸褶皱",
    "流动的{c}丝带",
    "{c}绸布",
    "{c}布料飘动",
    "柔滑的{c}丝绸",
    "{c}丝绸背景",
)
NAMES = tuple(n for n in COLOURS if n not in ("yellow", "silver"))


def facts(rng):
    colour = pick(rng, NAMES)
    return {
        "kind": "silk",
        "colour": colour,
        "colour2": another(rng, NAMES, colour, 0.3),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    tilt = rng.uniform(-0.9, 0.9)
    folds = rng.uniform(2.6, 4.2)
    pace = SPEED[facts["speed"]] * 0.55
    first = palette.ramp(facts["colour"])
    second = palette.ramp(facts["colour2"] or facts["colour"])
    grid = view.coarse
    u = grid.x * np.cos(tilt) + grid.y * np.sin(tilt)
    v = -grid.x * np.sin(tilt) + grid.y * np.cos(tilt)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        # folds run along u; noise bends them, and bends them again where they are bent
        bend = noise.at(u * 0.9 - t * 0.35 * pace, v * 1.3, t * 0.5 * pace)
        bend2 = noise.at(u * 1.2 + 7 - t * 0.6 * pace, v * 1.5 + 0.6 * bend, t * 0.6 * pace)
        phase = folds * (v + 0.22 * bend) + 0.75 * bend2 + 0.35 * t * pace
        wave = np.sin(2 * np.pi * phase * 0.6) * 0.6 + np.sin(2 * np.pi * phase + bend) * 0.4
        # the slope towards the light makes the shading, narrow crests the sheen
        shade = grid.up(0.5 + 0.42 * wave)
        value = 0.22 + 0.56 * np.clip(shade, 0, 1) + 0.3 * np.clip(shade, 0, 1) ** 6
        image[:] = palette.paint(first, value)
        if facts["colour2"]:
            m = np.clip(0.5 + 0.8 * grid.up(bend2), 0, 1)[..., None]
            image += m * (palette.paint(second, value) - image)
    return out
