"""A night sky with a moon, stars and thin clouds."""

import numpy as np

from models.scenes.motion import SIDE, SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick
from models.scenes.particles import glow

GROUP = "nature"
EN = (
    "a night sky with a {s}{c}moon",
    "a {s}{c}moon and stars",
    "a {s}{c}full moon at night",
    "the {c}moon behind clouds",
    "clouds passing a {s}{c}moon",
    "a {s}{c}moon",
    "a {c}moonlit sky",
    "the {s}{c}moon in the night sky",
    "a starry night with a {c}moon",
    "moonlight, {c}moon",
)
ZH = (
    "夜空中的{s}{c}月亮",
    "{c}月亮和星星",
    "夜晚的{s}{c}满月",
    "云后的{c}月亮",
    "云飘过{s}{c}月亮",
    "{s}{c}月亮",
    "{c}月光",
    "{c}明月",
    "星空下的{s}{c}月亮",
    "月夜，{c}月亮",
)
MOONS = {
    "white": ((0.96, 0.97, 1.0), (0.10, 0.16, 0.36)),
    "yellow": ((1.0, 0.93, 0.62), (0.14, 0.15, 0.30)),
    "orange": ((1.0, 0.66, 0.32), (0.20, 0.10, 0.20)),
    "red": ((0.92, 0.32, 0.22), (0.20, 0.05, 0.10)),
    "blue": ((0.62, 0.78, 1.0), (0.05, 0.14, 0.42)),
}


def facts(rng):
    return {
        "kind": "moonlight",
        "colour": pick(rng, ("white", "yellow") + tuple(MOONS)),
        "size": pick(rng, ("medium", "medium", "small", "large")),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    moon, air = np.float32(MOONS[facts["colour"]])
    radius = {"small": 0.10, "medium": 0.15, "large": 0.23}[facts["size"]]
    mx, my = rng.uniform(-0.5, 0.5) * view.right, rng.uniform(-0.45, 0.05) * view.bottom
    n = 80
    x, y = rng.uniform(-1, 1, (2, n)) * [[view.right], [view.bottom]]
    star, phase = rng.uniform(0.25, 0.95, n), rng.uniform(0, 2 * np.pi, n)
    size = rng.uniform(0.005, 0.009, n)
    dx, dy = (view.x - mx) / radius, (view.y - my) / radius
    d = np.sqrt(dx * dx + dy * dy)
    disc = np.clip((1 - d) * radius / view.pixel / 1.5 + 0.5, 0, 1)
    seas = Noise(seed + 1).fbm(dx * 1.6, dy * 1.6, octaves=3)
    face = (0.90 + 0.10 * np.sqrt(np.clip(1 - d * d, 0, 1)) - 0.20 * np.clip(seas, 0, 1))[
        ..., None
    ] * moon
    halo = 0.55 * np.exp(-(d - 1) * radius / 0.10) + 0.35 * np.exp(-(d - 1) * radius / 0.35)
    halo = np.clip(halo, 0, 0.8)[..., None]
    level = np.clip((view.y / view.bottom + 1) / 2, 0, 1)[..., None]
    drift = SIDE[facts["direction"]][0] * SPEED[facts["speed"]] * 0.34
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        twinkle = star * (0.75 + 0.25 * np.sin(phase + 3 * t))
        dots = glow(view, x, y, size, twinkle) * (1 - disc)
        image[:] = air * (0.25 + 0.75 * level) + dots[..., None] + halo * 0.5 * moon
        image += disc[..., None] * (face - image)
        cloud = noise.fbm(view.x * 1.3 - drift * t, view.y * 3.2, t * 0.1, octaves=5)
        thin = 1 - 0.45 * halo[..., 0] / 0.8  # the moon shines through
        veil = (np.clip(cloud * 0.6 + 0.08, 0, 0.85) * thin)[..., None]
        lit = air * 1.5 + 0.09 * moon + halo * 0.8 * moon * np.clip(1.3 - veil, 0, 1)
        image += veil * (lit - image)
    return np.clip(out, 0, 1)
