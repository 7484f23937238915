"""A shaded ball that bounces across a floor."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.palette import COLOURS, VIVID, pick
from models.scenes.shapes import sphere

GROUP = "shapes"
EN = ("a {s}{c}bouncing ball", "a {s}{c}ball bouncing", "a {s}bouncing {c}ball", "a {s}{c}ball that bounces on the floor", "one {s}{c}ball jumping up and down")
ZH = ("{c}{s}球在弹跳", "弹跳的{c}{s}球", "一个{c}{s}球上下跳动", "一个{s}{c}皮球在地上弹跳")


def facts(rng):
    return {
        "kind": "ball",
        "colour": pick(rng, VIVID + ("white",)),
        "background": pick(rng, ("black", "dark grey", "dark blue", "white", "light grey", "light blue", "beige")),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    radius = 0.115 * SIZE[facts["size"]]
    floor = view.bottom * 0.78
    jump = rng.uniform(0.62, 0.85) * (2 * view.bottom * 0.8 - 2 * radius)
    pace = SPEED[facts["speed"]] * 1.05
    start, across = rng.uniform(0, 2, 2)
    back = palette.backdrop(view, facts["background"])
    light_back = back.mean() > 0.5
    below = np.clip((view.y - floor) / 0.03 + 0.5, 0, 1)[..., None]
    back = back * (1 - (0.10 if light_back else -0.35) * below) + (0 if light_back else 0.03) * below
    glimmer = palette.base(facts["colour"])
    out = view.blank(times)
    for image, t in zip(out, times):
        beat = t * pace + start
        hop = beat % 1
        height = 4 * hop * (1 - hop) * jump
        span = view.right - radius
        x = span * (2 * abs((across + beat * 0.22) % 2 - 1) - 1)
        squash = 1 - 0.22 * np.exp(-((min(hop, 1 - hop) / 0.05) ** 2))
        y = floor - radius * squash - height
        image[:] = back
        # the shadow spreads and fades as the ball rises, with a trace of the ball's colour
        spread = radius * (0.85 + 0.7 * height / jump)
        shadow = np.exp(-((view.x - x) ** 2 / spread**2 + ((view.y - floor) / (spread * 0.22)) ** 2))
        shadow = (shadow * (0.55 - 0.35 * height / jump)).astype(np.float32)[..., None]
        image += shadow * ((0.0 if light_back else 0.25) * glimmer - image)
        sphere(view, image, x, y, radius / squash**0.5, COLOURS[facts["colour"]], squash**1.5)
    return out
