"""A shaded ball that bounces across a floor."""

import numpy as np

from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.palette import COLOURS, PLAIN, VIVID, behind, pick
from models.scenes.shapes import shadow, sphere, stage

GROUP = "shapes"
EN = (
    "a {s}{c}bouncing ball",
    "a {s}{c}ball bouncing",
    "a {s}bouncing {c}ball",
    "a {s}{c}ball that bounces on the floor",
    "one {s}{c}ball jumping up and down",
    "a {s}{c}ball",
    "a {s}{c}rubber ball bouncing",
    "a {s}{c}sphere bouncing up and down",
    "a {s}{c}ball hopping across the floor",
)
ZH = (
    "{c}{s}球在弹跳",
    "弹跳的{c}{s}球",
    "一个{c}{s}球上下跳动",
    "一个{s}{c}皮球在地上弹跳",
    "{c}{s}球",
    "{s}{c}球跳动",
    "{c}{s}皮球弹起落下",
    "一个{s}{c}小球弹跳",
)


def facts(rng):
    colour = pick(rng, VIVID + ("white",))
    return {
        "kind": "ball",
        "colour": colour,
        "background": behind(rng, PLAIN, colour),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    radius = 0.115 * SIZE[facts["size"]]
    floor = view.bottom * 0.78
    jump = rng.uniform(0.62, 0.85) * (2 * view.bottom * 0.8 - 2 * radius)
    pace = SPEED[facts["speed"]] ** 0.8 * 0.8
    start, across = rng.uniform(0, 2, 2)
    back = stage(view, facts["background"], floor)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        beat = t * pace + start
        hop = beat % 1
        height = 4 * hop * (1 - hop) * jump
        span = view.right - radius
        x = span * (2 * abs((across + beat * 0.22) % 2 - 1) - 1)
        squash = 1 - 0.22 * np.exp(-((min(hop, 1 - hop) / 0.05) ** 2))
        y = floor - radius * squash - height
        image[:] = back
        shadow(view, image, x, floor, radius, height / jump, COLOURS[facts["colour"]].base)
        sphere(view, image, x, y, radius / squash**0.5, COLOURS[facts["colour"]], squash**1.5)
    return out
