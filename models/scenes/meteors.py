"""A meteor shower in a night sky."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import DENSITY, SPEED, density, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick
from models.scenes.particles import boxes, glow

GROUP = "space"
EN = (
    "a {c}meteor shower",
    "{d}{c}shooting stars",
    "{d}{c}meteors in the night sky",
    "{c}falling stars",
    "a night sky with {d}{c}shooting stars",
    "{d}{c}comets",
    "{d}{c}meteors",
    "a {c}shooting star",
    "{d}{c}meteors falling from the sky",
    "{c}star trails falling",
)
ZH = (
    "{c}流星雨",
    "{d}{c}流星",
    "夜空中的{c}流星",
    "{c}流星划过夜空",
    "{d}{c}流星坠落",
    "{d}{c}彗星",
    "{c}陨石坠落",
    "{c}流星",
    "天空中{d}{c}流星",
)


def facts(rng):
    return {
        "kind": "meteors",
        "colour": pick(rng, ("white", "blue", "cyan", "gold", "orange", "purple", "green")),
        "density": density(rng),
        "direction": pick(rng, ("down left", "down right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    colour, lit = palette.base(facts["colour"]), palette.bright(facts["colour"])
    n = 110
    x, y = rng.uniform(-1, 1, (2, n)) * [[view.right], [view.bottom]]
    star, phase = rng.uniform(0.2, 0.8, n), rng.uniform(0, 2 * np.pi, n)
    size = rng.uniform(0.004, 0.008, n)
    level = np.clip((view.y / view.bottom + 1) / 2, 0, 1)[..., None]
    tint = 0.75 * np.float32([0.08, 0.12, 0.36]) + 0.25 * colour
    hills = 0.06 * Noise(seed).fbm(view.x * 2, np.zeros((1, 1)), octaves=4) + view.bottom * 0.8
    land = np.clip((view.y - hills) / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
    sky = (tint * (0.10 + 0.55 * level)) * np.float32(1)
    m = max(int(7 * DENSITY[facts["density"]]), 2)
    clock, rate = rng.random(m), rng.uniform(0.45, 0.7, m) * SPEED[facts["speed"]] ** 0.7
    side = -1 if facts["direction"] == "down left" else 1
    dx, dy = side * 0.80, 0.60  # the way of all meteors
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        twinkle = star * (0.75 + 0.25 * np.sin(phase + 3 * t))
        image[:] = sky + glow(view, x, y, size, twinkle)[..., None]
        life = clock + rate * t
        age, number = life % 1, np.floor(life)
        # each life starts elsewhere, and crosses the picture while it lasts
        px = ((number * 0.618 + clock * 7.3) % 1 * 2.4 - 1.2) * view.right - side * 0.5
        py = (((number * 0.382 + clock * 3.1) % 1) * 1.2 - 1.3) * view.bottom
        travel = age * 1.7
        hx, hy = px + dx * travel, py + dy * travel
        glimmer = np.sin(np.pi * np.clip(age, 0, 1)) ** 0.7
        length = 0.36
        for i, box, ex, ey in boxes(
            view, hx - dx * length / 2, hy - dy * length / 2, length / 2 + 0.03
        ):
            ex, ey = ex - dx * length / 2, ey - dy * length / 2
            back = -(ex * dx + ey * dy) / length  # 0 at the head, 1 where the tail ends
            off = ex * dy - ey * dx
            width = 0.0075 * np.clip(1 - 0.8 * back, 0.1, 1)
            trail = np.where(
                back > 0, np.clip(1 - back, 0, 1) ** 1.6, np.exp(-((back / 0.02) ** 2))
            )
            trail = (trail * np.exp(-((off / width) ** 2)) * glimmer[i]).astype(np.float32)
            image[box] += trail[..., None] * (0.5 * colour + 0.5 * lit) * 1.3
        image += glow(view, hx, hy, 0.011, glimmer)[..., None] * (0.5 * lit + 0.5)
        image += glow(view, hx, hy, 0.035, 0.35 * glimmer)[..., None] * colour
        image += land * (np.float32([0.006, 0.008, 0.016]) - image)
    return np.clip(out, 0, 1)
