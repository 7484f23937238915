"""A clock whose hands run fast."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.palette import COLOURS, VIVID, behind, pick
from models.scenes.shapes import stroke

GROUP = "things"
EN = (
    "a {s}{c}clock",
    "a {s}{c}clock with moving hands",
    "a {c}clock running",
    "a {s}{c}wall clock",
    "a ticking {c}clock",
    "a {s}{c}clock face",
    "time passing on a {c}clock",
    "a {s}{c}clock with turning hands",
)
ZH = (
    "{s}{c}时钟",
    "转动的{c}钟表",
    "{c}时钟指针走动",
    "{s}{c}挂钟",
    "滴答走的{c}钟",
    "{s}{c}钟",
    "{s}{c}钟表",
    "{c}时间流逝",
    "指针转动的{s}{c}钟",
)


def facts(rng):
    colour = pick(rng, ("silver",) + VIVID + ("brown", "white"))
    return {
        "kind": "clock",
        "colour": colour,
        "background": behind(
            rng,
            (
                "dark blue",
                "black",
                "dark grey",
                "dark green",
                "white",
                "light grey",
                "light blue",
                "beige",
            ),
            colour,
        ),
        "size": pick(rng, ("medium", "medium", "small", "large")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    dark, base, bright = (np.float32(c) for c in COLOURS[facts["colour"]][:3])
    radius = {"small": 0.27, "medium": 0.34, "large": 0.42}[facts["size"]]
    start = rng.uniform(0, 12)
    pace = SPEED[facts["speed"]] * 0.16  # hours per second
    r, angle = np.sqrt(view.x**2 + view.y**2) / radius, np.arctan2(view.x, -view.y)
    soft = 1.5 * view.pixel / radius
    back = palette.backdrop(view, facts["background"])
    shade = np.exp(
        -np.maximum(np.sqrt((view.x - 0.02) ** 2 + (view.y - 0.03) ** 2) - radius, 0) / 0.035
    )[..., None]
    still = back * (1 - 0.40 * shade * (back.mean() > 0.15))

    def put(cover, colour):
        still[:] += np.clip(cover, 0, 1)[..., None] * (np.clip(colour, 0, 1) - still)

    slope = (1.05 - 0.35 * (0.5 * view.x + view.y) / radius)[..., None]
    put((1 - r) / soft + 0.5, base * slope * 0.95)
    put((0.88 - r) / soft + 0.5, dark * 0.6 + base * 0.4 * (2 - slope))
    pale = 0.18 * base + 0.82 * np.float32([0.97, 0.97, 0.95])
    put((0.85 - r) / soft + 0.5, pale * (1 - 0.06 * r[..., None] ** 2))
    for count, inner, half in ((60, 0.77, 0.008), (12, 0.68, 0.020)):
        across = np.abs((angle / (2 * np.pi) * count + 0.5) % 1 - 0.5) / count * 2 * np.pi * r
        tick = np.clip((half - across) / soft + 0.5, 0, 1) * np.clip((r - inner) / soft + 0.5, 0, 1)
        put(
            tick * np.clip((0.80 - r) / soft + 0.5, 0, 1) * (0.5 if count == 60 else 1),
            0.5 * dark + 0.08,
        )
    ink = 0.35 * dark + 0.06
    red = (
        np.float32([0.85, 0.12, 0.10])
        if facts["colour"] != "red"
        else np.float32([0.08, 0.08, 0.1])
    )
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = still
        hour = start + pace * t
        hands = (
            (hour / 12, 0.46, 0.030, ink),
            (hour, 0.68, 0.021, ink),
            (hour * 5, 0.74, 0.009, red),
        )
        for turn, length, half, colour in hands:
            a = 2 * np.pi * turn
            tip = np.array([np.sin(a), -np.cos(a)]) * radius
            stroke(view, image, [-0.12 * tip, length * tip], half * radius * 1.1, colour, 1.0)
        image += np.clip((0.055 - r) / soft + 0.5, 0, 1)[..., None] * (base - image)
    return np.clip(out, 0, 1).astype(np.float32)
