"""Butterflies that flutter about."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED, density, size, speed
from models.scenes.palette import COLOURS, VIVID, behind, pick
from models.scenes.particles import boxes

GROUP = "things"
EN = (
    "{d}{s}{c}butterflies",
    "{d}{s}{c}butterflies fluttering",
    "{d}{c}butterflies flying",
    "fluttering {c}butterflies",
    "{d}{s}{c}butterflies flapping their wings",
    "{c}butterflies",
    "{d}{s}{c}butterflies in the air",
    "a swarm of {c}butterflies",
    "{d}dancing {c}butterflies",
)
ZH = (
    "{d}{c}蝴蝶",
    "飞舞的{c}蝴蝶",
    "{d}{s}{c}蝴蝶",
    "{c}蝴蝶扇动翅膀",
    "{d}{c}蝴蝶翩翩起舞",
    "{d}{s}{c}蝴蝶飞舞",
    "{c}蝶",
    "{d}{c}彩蝶",
    "成群的{c}蝴蝶",
)


def facts(rng):
    colour = pick(rng, ("orange", "blue") + VIVID + ("white", "colourful"))
    return {
        "kind": "butterfly",
        "colour": colour,
        "background": behind(
            rng,
            ("light blue", "black", "dark green", "dark blue", "beige", "white", "dark purple"),
            colour,
        ),
        "density": density(rng),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = max(
        int(4.6 * (2 * view.right) ** 0.7 * DENSITY[facts["density"]] / SIZE[facts["size"]] ** 0.7),
        2,
    )
    crowd = Crowd(rng, n)
    radius = 0.105 * SIZE[facts["size"]] * crowd.uniform(0.8, 1.2)
    home = np.stack(
        [
            (crowd.spread() * 2 - 1) * view.right * 0.85,
            crowd.uniform(-0.65, 0.65) * view.bottom,
        ],
        1,
    )
    rate, phase = crowd.uniform(0.5, 1.0, 3), crowd.uniform(0, 2 * np.pi, 4)
    names = palette.names(crowd, facts["colour"])
    pace = SPEED[facts["speed"]]
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        image[:] = back
        flutter = np.sin(phase[3] + 6.5 * s)
        x = (
            home[:, 0]
            + 0.14 * np.sin(phase[0] + 1.3 * rate[0] * s)
            + 0.04 * np.sin(phase[1] + 3.1 * s)
        )
        y = home[:, 1] + 0.10 * np.sin(phase[2] + 1.7 * rate[1] * s) + 0.018 * flutter
        lean = 0.45 * np.sin(phase[1] + rate[2] * s)
        c, sn = np.cos(lean), np.sin(lean)
        open_by = 0.24 + 0.76 * (0.5 + 0.5 * flutter)
        for i, box, dx, dy in boxes(view, x, y, radius * 1.25):
            u = np.float32((dx * c[i] + dy * sn[i]) / radius[i])
            v = np.float32((dy * c[i] - dx * sn[i]) / radius[i])
            _butterfly(
                image[box],
                u / np.float32(open_by[i]),
                u,
                v,
                radius[i] / view.pixel,
                COLOURS[names[i]],
                open_by[i],
            )
    return np.clip(out, 0, 1)


def _butterfly(image, wing_u, u, v, pixels, colours, open_by):
    """Wings in their own stretched coordinate, body in the true one."""
    dark, base, bright = (np.float32(c) for c in colours[:3])

    def put(d, colour):
        cover = np.clip(0.5 - d * pixels / 1.5, 0, 1)[..., None]
        image[:] += cover * (np.clip(colour, 0, 1) - image)

    a = np.abs(wing_u)
    scale = np.float32(open_by * 0.5 + 0.5)  # distances shrink with the wing
    for cu, cv, ru, rv, tilt in ((0.52, -0.36, 0.60, 0.40, -0.65), (0.42, 0.40, 0.44, 0.36, 0.7)):
        p = (a - cu) * np.cos(tilt) + (v - cv) * np.sin(tilt)
        q = (v - cv) * np.cos(tilt) - (a - cu) * np.sin(tilt)
        r = np.sqrt((p / ru) ** 2 + (q / rv) ** 2)
        d = (r - 1) * min(ru, rv) * scale
        light = (0.72 + 0.35 * open_by) * (1.0 - 0.12 * v)[..., None]
        rim = np.clip((r - 0.74) / 0.16, 0, 1)[..., None]
        vein = 0.12 * np.clip(np.cos(9 * np.arctan2(v - 0.1, a + 0.05)), 0, 1)[..., None] ** 4
        heart = np.exp(-((r / 0.42) ** 2))[..., None]
        wing = base + heart * 0.75 * (bright - base) - vein * base
        wing = wing + rim * (0.55 * dark - wing)
        spots = (
            np.exp(-(((r - 0.86) / 0.06) ** 2))[..., None]
            * np.clip(np.cos(14 * np.arctan2(q, p)), 0, 1)[..., None] ** 2
        )
        put(d, (wing + spots * 0.9 * (bright - wing)) * light)
    body = np.sqrt((u / 0.075) ** 2 + ((v - 0.02) / 0.46) ** 2)
    put((body - 1) * 0.075, np.float32([0.10, 0.08, 0.08]) + 0.15 * dark)
    for sign in (-1, 1):
        d = np.abs(u - sign * (0.05 + 0.35 * np.clip(-v - 0.40, 0, 1) ** 0.8)) - 0.018
        put(np.maximum(d, np.maximum(v + 0.42, -v - 0.85)), 0.25 * dark + 0.08)
