"""A rocket that climbs among stars on a tail of fire."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.palette import COLOURS, VIVID, pick
from models.scenes.particles import boxes, glow, wrap
from models.scenes.shapes import polygon

GROUP = "things"
EN = (
    "a {s}{c}rocket",
    "a {s}{c}rocket flying",
    "a {c}rocket in space",
    "a {s}{c}rocket launching with fire",
    "a {c}space rocket with flames",
    "a {s}{c}spaceship",
    "a {s}{c}rocket ship",
    "a {s}{c}rocket with a fire tail",
    "a {c}rocket flying through space",
)
ZH = (
    "{s}{c}火箭",
    "飞行的{c}火箭",
    "太空中的{c}火箭",
    "{c}火箭喷火升空",
    "一枚{s}{c}火箭",
    "{s}{c}飞船",
    "{s}{c}火箭升空",
    "{c}火箭飞向太空",
    "喷火的{s}{c}火箭",
)


def facts(rng):
    return {
        "kind": "rocket",
        "colour": pick(rng, ("red",) + VIVID + ("white", "silver")),
        "background": pick(rng, ("dark blue", "dark blue", "black", "dark purple")),
        "size": size(rng),
        "direction": pick(rng, ("up", "up", "right", "left")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    dark, base, bright = (np.float32(c) for c in COLOURS[facts["colour"]][:3])
    scale = 0.16 * SIZE[facts["size"]] ** 0.7
    heading = {
        "up": np.array([0, -1]),
        "right": np.array([1, -0.12]),
        "left": np.array([-1, -0.12]),
    }[facts["direction"]]
    heading = heading / np.linalg.norm(heading)
    side = np.array([-heading[1], heading[0]])
    n = 70
    extent = np.array([view.right + 0.05, view.bottom + 0.05])
    stars, near = rng.uniform(-1, 1, (n, 2)) * extent, rng.random(n)
    pace = SPEED[facts["speed"]]
    puffs = np.linspace(0, 1, 34)
    jitter = rng.normal(0, 1, (2, 34))
    back = palette.backdrop(view, facts["background"])
    fire = np.float32([[1.0, 0.85, 0.5], [1.0, 0.45, 0.1], [0.7, 0.12, 0.05]])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        p = wrap(stars - heading * ((0.12 + 0.5 * near) * s)[:, None], extent)
        image[:] = (
            back + glow(view, p[:, 0], p[:, 1], 0.004 + 0.004 * near, 0.3 + 0.6 * near)[..., None]
        )
        centre = heading * 0.10 + side * 0.035 * np.sin(1.3 * s) + heading * 0.03 * np.sin(0.8 * s)
        # the tail: puffs of fire that widen and cool away from the nozzle
        age = (puffs + 2.2 * s) % 1
        at = (
            centre
            - np.outer(scale * (0.95 + 2.3 * age), heading)
            + np.outer(jitter[0] * 0.10 * scale * age, side)
        )
        heat = (1 - age) ** 1.2
        for k, (colour, width) in enumerate(zip(fire[::-1], (0.34, 0.24, 0.14))):
            radius = scale * width * (0.55 + 0.75 * age)
            light = glow(view, at[:, 0], at[:, 1], radius, heat ** (3 - k) * (0.30 + 0.1 * k))
            image += np.minimum(light, 1)[..., None] * colour
        for _, box, dx, dy in boxes(view, centre[:1], centre[1:], scale * 1.5):
            u = (dx * heading[0] + dy * heading[1]) / scale  # along the rocket: 1.2 is the tip
            v = (dx * side[0] + dy * side[1]) / scale
            _rocket(
                image[box], np.float32(u), np.float32(v), scale / view.pixel, dark, base, bright
            )
    return np.clip(out, 0, 1)


def _rocket(image, u, v, pixels, dark, base, bright):
    def put(d, colour):
        cover = np.clip(0.5 - d * pixels / 1.5, 0, 1)[..., None]
        image[:] += cover * (np.clip(colour, 0, 1) - image)

    light = (1.0 - 0.55 * np.clip(v / 0.36, -1, 1) * 0.8)[..., None]
    for sign in (-1, 1):
        fin = [
            (-0.25, sign * 0.22),
            (-0.55, sign * 0.62),
            (-1.0, sign * 0.66),
            (-0.80, sign * 0.20),
        ]
        put(polygon(u, v, fin), (0.55 * dark + 0.45 * base) * (1 - 0.15 * sign))
    put(np.maximum(np.abs(v) - 0.20, np.abs(u + 0.86) - 0.12), 0.35 * light + 0 * base)
    half = 0.36 * np.sqrt(np.clip(1 - ((u - 0.05) / 1.16) ** 2, 0, 1))
    hull = np.maximum(np.abs(v) - half, np.maximum(-0.80 - u, u - 1.19)) * 0.9
    put(hull, base * light * 1.02)
    put(np.maximum(hull, 0.62 - u), (0.35 * base + 0.65 * bright) * light)
    d = np.sqrt((u - 0.22) ** 2 + v * v)
    put(d - 0.19, 0.9 * bright * light + 0.1)
    put(
        d - 0.13,
        np.float32([0.12, 0.25, 0.42]) + 0.35 * np.clip(0.4 + u - 0.22 - v, 0, 1)[..., None],
    )
    put(np.maximum(hull, np.abs(u + 0.46) - 0.05), (0.3 * base + 0.7 * bright) * light)
