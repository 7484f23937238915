"""A sun with turning rays in a sky."""

import numpy as np

from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, pick

GROUP = "things"
EN = (
    "a {s}{c}sun",
    "a {s}{c}sun in {sky}",
    "a shining {c}sun with rays",
    "the {c}sun shining in {sky}",
    "a {s}{c}sun with turning rays",
)
ZH = ("{s}{c}太阳", "{sky}中的{c}太阳", "发光的{c}太阳", "{c}阳光四射", "{sky}上{s}{c}太阳照耀")
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
    dx, dy = view.x - cx, view.y - cy
    r, angle = np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx)
    level = np.clip((view.y / view.bottom + 1) / 2, 0, 1)[..., None]
    sky = top + level * (low - top)
    halo = (
        0.55 * np.exp(-np.maximum(r - radius, 0) / 0.07)
        + 0.30 * np.exp(-np.maximum(r - radius, 0) / 0.26)
    )[..., None]
    face = bright + np.clip(r / radius, 0, 1)[..., None] ** 2 * (base - bright)
    disc = np.clip((radius - r) / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
    pace = SPEED[facts["speed"]] * (1 if facts["direction"] == "clockwise" else -1)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = sky + halo * (0.35 * bright + 0.65 * base - sky)
        for k, (count, shift) in enumerate(((rays, 0.0), (rays, 0.5))):
            fan = np.abs(((angle - 0.5 * pace * t) / (2 * np.pi) * count + shift) % 1 - 0.5)
            pulse = 1 + 0.10 * np.sin(3 * abs(pace) * t + k * np.pi)
            length = radius * (1.0 if k == 0 else 0.62) * pulse
            out_by = (r - radius * 1.16) / length  # 0 at a ray's foot, 1 at its tip
            half = (0.26 if k == 0 else 0.18) * np.clip(1 - out_by, 0, 1)
            d = (fan - half) * 2 * np.pi * np.maximum(r, 1e-3) / count
            d = np.maximum(d, np.maximum(-out_by, out_by - 1) * length)
            cover = np.clip(0.5 - d / (2 * view.pixel), 0, 1)[..., None]
            ray = base + np.clip(1 - out_by, 0, 1)[..., None] * 0.4 * (bright - base)
            image += cover * 0.95 * (ray - image)
        image += disc * (face - image)
        cloud = noise.fbm(view.x * 1.5 + 0.16 * t * abs(pace), view.y * 3 + 7, t * 0.1, octaves=4)
        edge = np.clip(np.abs(view.y / view.bottom) * 1.5 - 0.55, 0, 1)
        veil = np.clip((cloud - 0.05) * 0.9, 0, 0.8) * edge
        image += veil[..., None] * (0.35 * low + 0.65 - image)
    return np.clip(out, 0, 1)
