"""A pendulum that swings."""

import numpy as np

from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.palette import COLOURS, PLAIN, VIVID, backdrop, behind, pick
from models.scenes.particles import boxes
from models.scenes.shapes import sphere, stroke

GROUP = "shapes"
EN = (
    "a {s}{c}pendulum",
    "a swinging {c}pendulum",
    "a {s}{c}pendulum swinging",
    "a {s}{c}ball swinging on a string",
    "a {c}pendulum moving back and forth",
    "a {s}{c}swinging ball",
    "a {c}ball hanging from a rod",
    "a {s}{c}metronome pendulum",
)
ZH = (
    "{c}摆锤",
    "摆动的{c}钟摆",
    "{s}{c}球在绳上摆动",
    "一个{c}单摆来回摆动",
    "{c}的钟摆左右摇摆",
    "{s}{c}摆",
    "{s}{c}钟摆",
    "悬挂的{c}球摆动",
    "{c}摆球",
)


def facts(rng):
    colour = pick(rng, ("gold",) + VIVID + ("white", "silver"))
    return {
        "kind": "pendulum",
        "colour": colour,
        "background": behind(rng, PLAIN, colour),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    radius = 0.095 * SIZE[facts["size"]]
    length = 2 * view.bottom * rng.uniform(0.62, 0.72) - 0.3 * radius
    top = -view.bottom * 0.96
    swing, phase = rng.uniform(0.55, 0.85), rng.uniform(0, 2 * np.pi)
    swing = min(swing, np.arcsin(min((view.right - radius) / length, 1)))
    rate = SPEED[facts["speed"]] ** 0.8 * 2.5
    back = backdrop(view, facts["background"])
    light = back.mean() > 0.5
    rod = np.float32([0.25, 0.26, 0.30] if light else [0.72, 0.74, 0.78])
    colour = COLOURS[facts["colour"]]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        angle = swing * np.sin(phase + rate * t)
        x, y = length * np.sin(angle), top + length * np.cos(angle)
        # its soft shadow on the wall behind
        for _, box, dx, dy in boxes(view, [x + 0.05], [y + 0.06], radius * 2):
            shade = np.exp(-(((dx * dx + dy * dy) / (radius * 1.15) ** 2) ** 2))[..., None]
            image[box] *= 1 - (0.22 if light else 0.4) * shade
        stroke(view, image, ((0, top), (x, y)), 0.0065, rod)
        sphere(view, image, 0, top, 0.028, COLOURS["silver"])
        sphere(view, image, x, y, radius, colour)
    return out
