"""A sun with turning rays in a sky."""

import numpy as np

from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, pick
from models.scenes.particles import boxes

GROUP = "things"
EN = (
    "a {s}{c}sun",
    "a {s}{c}sun in {sky}",
    "a shining {c}sun with rays",
    "the {c}sun shining in {sky}",
    "a {s}{c}sun with turning rays",
    "a bright {s}{c}sun",
    "a {s}cartoon {c}sun, {sky}",
    "a {c}summer sun",
)
ZH = (
    "{s}{c}太阳",
    "{sky}中的{c}太阳",
    "发光的{c}太阳",
    "{c}阳光四射",
    "{sky}上{s}{c}太阳照耀",
    "{c}太阳",
    "明亮的{s}{c}太阳",
    "卡通{c}太阳",
    "夏天的{c}太阳",
)
SKY = {
    "blue": ((0.16, 0.42, 0.84), (0.58, 0.82, 0.97)),
    "sunset": ((0.36, 0.20, 0.44), (0.98, 0.62, 0.38)),
    "grey": ((0.48, 0.52, 0.58), (0.76, 0.78, 0.80)),
}


def facts(rng):
    return {
        "kind": "sun",
        "colour": pick(rng, ("yellow", "yellow", "orange", "gold", "red", "white")),
        "sky": pick(rng, ("blue", "blue", "sunset", "grey")),
        "size": size(rng),
        "direction": pick(rng, ("clockwise", "counterclockwise")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    dark, base, bright = (np.float32(c) for c in COLOURS[facts["colour"]][:3])
    top, low = np.float32(SKY[facts["sky"]])
    radius = 0.145 * SIZE[facts["size"]] ** 0.8
    cx, cy = rng.uniform(-0.4, 0.4) * (view.right - 0.35), rng.uniform(-0.15, 0.05) * view.bottom
    rays = int(rng.integers(10, 15))
    level = np.clip((view.y / view.bottom + 1) / 2, 0, 1)[..., None]
    back = top + level * (low - top)
    off = np.maximum(np.sqrt((view.x - cx) ** 2 + (view.y - cy) ** 2) - radius, 0)
    halo = (0.55 * np.exp(-off / 0.07) + 0.30 * np.exp(-off / 0.26))[..., None]
    back = back + halo * (0.35 * bright + 0.65 * base - back)
    pace = SPEED[facts["speed"]]
    way = pace * (1 if facts["direction"] == "clockwise" else -1)
    edge = np.clip(np.abs(view.y / view.bottom) * 1.5 - 0.55, 0, 1)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        for _, box, dx, dy in boxes(view, [cx], [cy], radius * 2.3):
            _sun(image[box], dx, dy, radius, rays, way * t, view.pixel, base, bright)
        cloud = noise.fbm(view.x * 1.5 + 0.16 * t * pace, view.y * 3 + 7, t * 0.1, octaves=4)
        veil = np.clip((cloud - 0.05) * 0.9, 0, 0.8) * edge
        image += veil[..., None] * (0.35 * low + 0.65 - image)
    return np.clip(out, 0, 1)


def _sun(image, dx, dy, radius, rays, turn, pixel, base, bright):
    """A disc, and two rings of rays, long and short, that beat against each other."""
    r, angle = np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx)
    fan = (angle - 0.5 * turn) / (2 * np.pi) * rays
    for shift, reach, width in ((0.0, 1.0, 0.26), (0.5, 0.62, 0.18)):
        length = radius * reach * (1 + 0.10 * np.cos(3 * turn + shift * 2 * np.pi))
        out_by = (r - radius * 1.16) / np.float32(length)  # 0 at a ray's foot, 1 at its tip
        half = width * np.clip(1 - out_by, 0, 1)
        d = (np.abs((fan + shift) % 1 - 0.5) - half) * (2 * np.pi / rays) * np.maximum(r, 1e-3)
        d = np.maximum(d, np.maximum(-out_by, out_by - 1) * np.float32(length))
        cover = np.clip(0.5 - d / (2 * pixel), 0, 1)[..., None]
        ray = base + np.clip(1 - out_by, 0, 1)[..., None] * 0.4 * (bright - base)
        image += cover * 0.95 * (ray - image)
    face = bright + np.clip(r / radius, 0, 1)[..., None] ** 2 * (base - bright)
    disc = np.clip((radius - r) / pixel / 1.5 + 0.5, 0, 1)[..., None]
    image += disc * (face - image)
