"""A spoked wheel that rolls along the ground."""

import numpy as np

from models.scenes.motion import SIDE, SIZE, SPEED, speed
from models.scenes.palette import COLOURS, PLAIN, VIVID, behind, pick
from models.scenes.particles import boxes
from models.scenes.shapes import shadow, stage

GROUP = "shapes"
EN = (
    "a {s}{c}wheel rolling",
    "a {s}{c}rolling wheel",
    "a {s}{c}wheel with spokes",
    "a {c}wheel that rolls along",
    "a {s}{c}wheel turning",
    "a {s}{c}wheel",
    "a {s}{c}bicycle wheel rolling",
    "a {s}{c}tyre rolling",
    "a rolling {s}{c}wheel on a road",
)
ZH = (
    "滚动的{s}{c}轮子",
    "{c}车轮滚动",
    "{s}{c}轮子在地上滚",
    "旋转的{c}轮子",
    "一个{c}车轮",
    "{s}{c}轮子",
    "{s}{c}轮胎滚动",
    "{c}自行车轮滚动",
    "路上滚动的{s}{c}车轮",
)


def facts(rng):
    colour = pick(rng, ("silver",) + VIVID + ("brown",))
    return {
        "kind": "wheel",
        "colour": colour,
        "background": behind(rng, PLAIN, colour),
        "size": pick(rng, ("medium", "medium", "small", "large")),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    radius = 0.21 * SIZE[facts["size"]] ** 0.8
    floor = view.bottom * 0.72
    spokes = int(rng.integers(5, 9))
    way, pace = SIDE[facts["direction"]][0], SPEED[facts["speed"]] * 0.42
    start, wander = rng.uniform(0, 10, 2)
    dark, base, bright = (np.float32(c) for c in COLOURS[facts["colour"]][:3])
    back = stage(view, facts["background"], floor)
    light = back.mean() > 0.5
    depth = np.clip((view.y - floor) / (view.bottom - floor), 0, 1)
    soft = 1.5 * view.pixel / radius
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        # the camera follows: the wheel stays near the middle, posts and road marks pass by
        path = start + way * pace * t
        x, y = 0.25 * view.right * np.sin(wander + 0.4 * t), floor - radius
        image[:] = back
        post = np.abs(((view.x - x) * 0.6 + path * 0.6) % 0.5 - 0.25)
        post = np.clip((0.035 - post) / 0.012, 0, 1) * np.clip((floor - view.y) / 0.01, 0, 1)
        image *= 1 - (0.07 if light else -0.5) * post[..., None]
        mark = np.abs(((view.x - x) / (1 + 0.8 * depth) + path) % 0.36 - 0.18)
        mark = np.clip((0.07 - mark) / 0.01, 0, 1) * np.exp(-(((depth - 0.45) / 0.12) ** 2))
        image += (mark * 0.45)[..., None] * (base - image)
        shadow(view, image, x, floor + 0.01, radius * 0.8, 0.0, base)
        turn = path / radius
        for _, box, dx, dy in boxes(view, [x], [y], radius * 1.05):
            u, v = dx / np.float32(radius), dy / np.float32(radius)
            r, angle = np.sqrt(u * u + v * v), np.arctan2(v, u) - turn
            tyre = np.clip((0.10 - np.abs(r - 0.90)) / soft + 0.5, 0, 1)
            rim = np.clip((0.055 - np.abs(r - 0.765)) / soft + 0.5, 0, 1)
            fan = (angle / (2 * np.pi) * spokes + 0.5) % 1 - 0.5
            spoke = np.clip((0.055 - np.abs(fan) * 2 * np.pi / spokes * r) / soft + 0.5, 0, 1) * (
                r < 0.76
            )
            hub = np.clip((0.17 - r) / soft + 0.5, 0, 1)
            shade = (0.92 - 0.22 * (u * 0.5 + v))[..., None]
            part = image[box]
            part += (np.maximum(spoke, rim) * 1.0)[..., None] * (np.clip(base * shade, 0, 1) - part)
            mark = np.exp(
                -((((angle + np.pi) % (2 * np.pi) - np.pi) / 0.22) ** 2)
            )  # shows the turning
            rubber = 0.55 * dark + mark[..., None] * (bright - 0.55 * dark) * 0.9
            part += tyre[..., None] * (np.clip(rubber * shade, 0, 1) - part)
            part += hub[..., None] * (np.clip(bright * shade, 0, 1) - part)
    return np.clip(out, 0, 1).astype(np.float32)
