"""Curled paper streamers that hang and sway."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SPEED, density, speed
from models.scenes.palette import VIVID, another, pick
from models.scenes.particles import boxes, wrap

GROUP = "celebration"
EN = (
    "{d}{c}streamers",
    "{c}party streamers",
    "curling {c}streamers",
    "{d}{c}paper streamers falling",
    "{d}{c}ribbons curling down",
    "{d}{c}party ribbons",
    "{c}serpentine streamers",
    "{d}{c}carnival streamers",
    "{d}{c}spiral ribbons falling",
)
ZH = (
    "{d}{c}彩带",
    "派对{c}彩带",
    "卷曲的{c}彩带",
    "{d}飘落的{c}纸带",
    "{c}飘带飞舞",
    "{c}彩条",
    "{d}{c}螺旋彩带",
    "狂欢{c}彩带",
    "{c}丝带飘落",
)


def facts(rng):
    colour = pick(rng, ("colourful",) * 8 + VIVID)
    return {
        "kind": "streamers",
        "colour": colour,
        "colour2": None if colour == "colourful" else another(rng, VIVID, colour),
        "background": pick(
            rng, ("black", "dark blue", "dark purple", "white", "light blue", "beige")
        ),
        "density": density(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = max(int(12 * (4 * view.right * view.bottom) ** 0.5 * DENSITY[facts["density"]] ** 0.8), 3)
    crowd = Crowd(rng, n)
    half = crowd.uniform(0.16, 0.28)  # half of a streamer's length
    extent = np.array([[view.right], [view.bottom + 0.3]])
    x0, y0 = crowd.uniform(-1, 1, 2) * extent
    pace = SPEED[facts["speed"]]
    fall = crowd.uniform(0.16, 0.32) * pace
    phase, swing = crowd.uniform(0, 2 * np.pi, 2)
    pitch, width = crowd.uniform(22, 30), crowd.uniform(0.014, 0.020)
    colour = palette.shades(crowd, facts["colour"], facts["colour2"])
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        x, y = x0 + 0.05 * np.sin(swing + t * pace**0.5), wrap(y0 + fall * t, extent[1])
        for i, box, dx, dy in boxes(view, x, y, half):
            if not np.any(np.abs(dx) < 0.12):
                continue
            cols = np.flatnonzero(np.abs(dx[0]) < 0.12)
            part = image[box][:, cols[0] : cols[-1] + 1]
            dx = dx[:, cols]
            # a helix seen from the side: the strip swings left and right, lit as it turns
            turn = phase[i] + pitch[i] * dy + 2.2 * pace * t
            lean = 0.045 * np.sin(3 * dy / half[i] + swing[i] + 1.5 * t * pace**0.5)
            middle = lean + 0.030 * np.sin(turn)
            slope = np.abs(0.030 * pitch[i] * np.cos(turn))
            d = (np.abs(dx - middle) - width[i] * 0.5 * (1 + slope)) / np.sqrt(1 + slope**2)
            ends = np.clip((half[i] - np.abs(dy)) / 0.02, 0, 1)
            cover = (np.clip(0.5 - d / (1.5 * view.pixel), 0, 1) * ends)[..., None].astype(
                np.float32
            )
            light = (0.80 + 0.30 * np.cos(turn))[..., None].astype(np.float32)
            part += cover * (np.clip(colour[i] * light, 0, 1) - part)
    return np.clip(out, 0, 1)
