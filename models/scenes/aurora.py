"""Northern lights above dark hills."""

import numpy as np

from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import another, base, bright, pick
from models.scenes.particles import glow

GROUP = "space"
EN = (
    "a {c}aurora",
    "{c}northern lights",
    "{c}aurora borealis",
    "{c}polar lights over mountains",
    "a night sky with {c}northern lights",
    "{c}aurora lights",
    "dancing {c}northern lights",
    "{c}lights in the polar sky",
    "{c}aurora over hills",
    "the {c}aurora at night",
)
ZH = (
    "{c}极光",
    "{c}的北极光",
    "山上的{c}极光",
    "夜空中的{c}极光",
    "{c}极光舞动",
    "{c}北极光",
    "{c}极光夜空",
    "舞动的{c}极光",
    "{c}极地的光",
)
COLOURS = ("green", "teal", "cyan", "purple", "magenta", "pink", "blue", "red")


def facts(rng):
    colour = pick(rng, COLOURS[:2] + COLOURS)
    return {
        "kind": "aurora",
        "colour": colour,
        "colour2": another(rng, COLOURS, colour),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    low = base(facts["colour"]) * 0.85 + bright(facts["colour"]) * 0.25
    high = base(facts["colour2"] or facts["colour"])
    pace = SPEED[facts["speed"]]
    n = 70
    x, y = rng.uniform(-1, 1, n) * view.right, rng.uniform(-1, 0.4, n) * view.bottom
    stars = glow(view, x, y, rng.uniform(0.004, 0.009, n), rng.uniform(0.2, 0.8, n))[..., None]
    night = np.clip(view.y / view.bottom + 1, 0, 2)[..., None] / 2
    night = np.float32([0.01, 0.015, 0.05]) + night * np.float32([0.02, 0.05, 0.11])
    crest = 0.09 * Noise(seed + 1).fbm(view.x * 2.4, np.zeros((1, 1), np.float32), octaves=4)
    hills = np.clip((view.y - view.bottom * 0.66 - crest) / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = night + stars
        for k in range(3):
            # a curtain hangs from a winding line; rays run along it
            x = view.x + 0.12 * noise(view.x * 1.3, np.full((1, 1), 5.0 * k), t * 0.35 * pace)
            foot = (
                0.10
                - 0.16 * k
                + 0.13 * noise(view.x * 1.1, np.full((1, 1), 3 + 9.0 * k), t * 0.3 * pace)
            )
            rays = noise(x * 7 + 3 * k, np.full((1, 1), 31.0), t * 0.9 * pace)
            rays = rays + 0.6 * noise(x * 17, np.full((1, 1), 37.0 + k), t * 1.6 * pace)
            rays = np.clip(0.55 + 0.26 * rays, 0.05, 1.2)
            patch = np.clip(
                0.6 + 0.5 * noise(view.x * 0.9, np.full((1, 1), 50.0 + 7 * k), t * 0.25 * pace),
                0,
                1,
            )
            up = (foot - view.y) / (0.42 + 0.2 * rays)
            body = np.where(up > 0, np.exp(-2.2 * np.maximum(up, 0)), np.exp(-((up / 0.09) ** 2)))
            body = (body * rays * patch).astype(np.float32)[..., None]
            m = np.clip(up, 0, 1).astype(np.float32)[..., None]
            image += body * (low + m * (high - low)) * (0.95 - 0.2 * k)
        image += hills * (np.float32([0.008, 0.012, 0.02]) - image)
    return np.clip(out, 0, 1)
