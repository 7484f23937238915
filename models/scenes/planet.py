"""A planet that turns in the light of a sun, some with a ring."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick
from models.scenes.particles import glow

GROUP = "space"
EN = (
    "a {c}planet {ring}",
    "a rotating {c}planet {ring}",
    "a {c}planet in space {ring}",
    "a {c}globe turning in space {ring}",
    "a {c}world in space {ring}",
    "a {c}planet {ring} and stars",
    "the {c}planet {ring} turning",
    "a {c}alien planet {ring}",
)
ZH = (
    "{ring}{c}行星",
    "太空中{ring}{c}星球",
    "旋转的{ring}{c}行星",
    "{ring}{c}星球自转",
    "{ring}{c}星球",
    "宇宙中{ring}{c}行星",
    "一颗{ring}{c}星球",
    "{ring}{c}行星和星空",
)


def facts(rng):
    return {
        "kind": "planet",
        "colour": pick(
            rng, ("blue", "red", "orange", "green", "purple", "teal", "brown", "gold", "cyan")
        ),
        "ring": bool(rng.random() < 0.35),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    c = palette.COLOURS[facts["colour"]]
    dark, base, bright = (np.float32(v) for v in c[:3])
    banded = rng.random() < 0.5
    table = palette.gradient(dark, 0.5 * (dark + base), base, base, 0.5 * (base + bright), bright)
    radius = rng.uniform(0.24, 0.30) * (0.8 if facts["ring"] else 1.1)
    cx, cy = rng.uniform(-0.15, 0.15) * view.right, rng.uniform(-0.1, 0.1) * view.bottom
    n = 90
    x, y = rng.uniform(-1, 1, (2, n)) * [[view.right], [view.bottom]]
    stars = glow(view, x, y, rng.uniform(0.004, 0.008, n), rng.uniform(0.2, 0.9, n))[..., None]
    dx, dy = (view.x - cx) / radius, (view.y - cy) / radius
    d = np.sqrt(dx * dx + dy * dy)
    inside = np.clip((1 - d) * radius / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
    z = np.sqrt(np.clip(1 - d * d, 0, 1))
    sun = rng.uniform(-0.9, 0.9)
    light = np.clip((dx * np.sin(sun) - dy * 0.25 + z * np.cos(sun)) * 1.1 + 0.08, 0.03, 1)[
        ..., None
    ]
    air = np.exp(-np.abs(d - 1) * radius / 0.025)[..., None] * np.clip(0.3 + light, 0, 1)
    # longitude on the ball's front, for a texture that turns
    longitude = np.arctan2(dx, np.maximum(z, 1e-3)) * 0.9
    latitude = np.arcsin(np.clip(dy, -1, 1)) + 0 * dx
    ring = _ring(facts, dx, dy, base, bright, noise) if facts["ring"] else None
    way = {"left": 1, "right": -1}[facts["direction"]] * SPEED[facts["speed"]] * 0.75
    grid_ball = d < 1.05
    out = view.blank(times)
    surface = np.zeros_like(d)
    for image, t in zip(out, map(float, times)):
        if not grid_ball.any():
            image[:] = stars + (0.006, 0.007, 0.02)
            continue
        lon = (longitude + way * t)[grid_ball]
        lat = latitude[grid_ball]
        if banded:
            swirl = noise.at(lon * 2, lat * 5 + 3)
            land = np.sin(lat * 13 + 0.7 * swirl) * 0.30 + 0.16 * noise.at(
                lon * 5, lat * 12 + 0.3 * swirl
            )
            land = 0.58 + land
        else:
            land = noise.at(lon * 2.2, lat * 2.2) + 0.5 * noise.at(lon * 5, lat * 5 + 9)
            land = 0.52 + 0.40 * np.tanh(land * 2.2) * 0.8 + 0.10 * noise.at(lon * 10, lat * 10)
        surface[grid_ball] = land
        image[:] = stars * (1 - inside) + (0.006, 0.007, 0.02)
        ball = palette.paint(table, np.clip(surface, 0, 1)) * light
        image += inside * (ball - image) + air * 0.45 * bright * (0.4 + 0.6 * base)
        if ring is not None:
            image += ring[0] * (ring[1] - image)
    return np.clip(out, 0, 1)


def _ring(facts, dx, dy, base, bright, noise):
    """Coverage and colour of a ring that passes before and behind the ball."""
    u, v = dx * 0.96 + dy * 0.28, (dy * 0.96 - dx * 0.28) / 0.24
    r = np.sqrt(u * u + v * v)
    bands = noise.line(np.ravel(r) * 9).reshape(r.shape)
    cover = np.clip((r - 1.28) / 0.05, 0, 1) * np.clip((2.05 - r) / 0.06, 0, 1)
    cover = cover * np.clip(0.62 + 0.3 * bands, 0.1, 0.95)
    behind = (v < 0) & (dx * dx + dy * dy < 1)
    colour = (0.45 * base + 0.55 * bright) * np.float32(0.9)
    return np.where(behind, 0, cover)[..., None].astype(np.float32), colour
