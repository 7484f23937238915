"""A weight that bobs on a coil spring."""

import numpy as np

from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.palette import COLOURS, PLAIN, VIVID, backdrop, pick
from models.scenes.shapes import sphere, stroke

GROUP = "shapes"
EN = (
    "a {s}{c}ball on a spring",
    "a {c}spring bouncing",
    "a {s}{c}weight on a coil spring",
    "a {c}ball bobbing on a spring",
    "a spring with a {s}{c}ball",
    "a {c}spring",
    "a {s}{c}ball bouncing on a coil spring",
    "a {c}spring pendulum",
    "a coil spring with a {s}{c}weight",
)
ZH = (
    "弹簧上的{s}{c}球",
    "{c}弹簧上下弹动",
    "挂在弹簧上的{s}{c}重物",
    "{c}球在弹簧上晃动",
    "一个{c}弹簧振子",
    "{c}弹簧",
    "弹簧{s}{c}球",
    "{c}弹簧球上下运动",
    "弹簧吊着{s}{c}球",
)
TURNS = 7


def facts(rng):
    return {
        "kind": "spring",
        "colour": pick(rng, VIVID),
        "background": pick(rng, PLAIN),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    radius = 0.115 * SIZE[facts["size"]]
    rest, swing = view.bottom * 0.95, view.bottom * rng.uniform(0.26, 0.38)
    top, phase = -view.bottom, rng.uniform(0, 2 * np.pi)
    back = backdrop(view, facts["background"])
    light = back.mean() > 0.5
    front = np.float32([0.45, 0.47, 0.52] if light else [0.80, 0.82, 0.86])
    behind = front * 0.55
    turn = np.linspace(0, 2 * np.pi * TURNS, TURNS * 10 + 1)
    colour = COLOURS[facts["colour"]]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        angle = phase + SPEED[facts["speed"]] * 5.2 * t
        length = rest + swing * np.sin(angle)
        x = 0.10 * np.sin(angle * 0.37)
        k = turn / turn[-1]
        wire = np.stack([x * k + 0.085 * np.sin(turn), top + length * k], 1)
        # the far half of each turn first, so that the near half lies over it
        for start, colour_of in ((5, behind), (0, front)):
            for i in range(TURNS):
                part = (
                    wire[i * 10 + start + 3 - 5 : i * 10 + start + 9 - 5]
                    if i or start
                    else wire[0:4]
                )
                if len(part) > 1:
                    stroke(view, image, part, 0.013, colour_of)
        sphere(view, image, x, top + length + radius * 0.9, radius, colour)
    return out
