"""A striped torus that tumbles."""

import numpy as np

from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.palette import COLOURS, PLAIN, VIVID, backdrop, pick
from models.scenes.particles import boxes

GROUP = "shapes"
EN = (
    "a {s}{c}torus",
    "a {s}{c}spinning torus",
    "a {s}{c}rotating ring",
    "a {s}3d {c}donut turning",
    "a tumbling {s}{c}torus",
    "a {s}{c}donut",
    "a {s}{c}3d ring",
    "a {s}striped {c}torus",
    "a {s}{c}ring tumbling",
)
ZH = (
    "{s}{c}圆环体",
    "旋转的{s}{c}圆环",
    "{c}甜甜圈旋转",
    "{c}三维圆环转动",
    "翻滚的{c}圆环",
    "{s}{c}甜甜圈",
    "{s}{c}环",
    "{s}条纹{c}圆环",
    "{s}{c}环翻滚",
)
MAJOR, MINOR = 1.0, 0.42


def facts(rng):
    colour = pick(rng, ("gold",) + VIVID)
    return {
        "kind": "torus",
        "colour": colour,
        "colour2": (
            pick(rng, [c for c in VIVID + ("white",) if c != colour])
            if rng.random() < 0.5
            else None
        ),
        "background": pick(rng, PLAIN),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    scale = 0.26 * SIZE[facts["size"]] ** 0.6
    dark, base, bright = (np.float32(c) for c in COLOURS[facts["colour"]][:3])
    stripe = (
        np.float32(COLOURS[facts["colour2"]].base)
        if facts["colour2"]
        else 0.55 * base + 0.45 * bright
    )
    phase = rng.uniform(0, 2 * np.pi, 2)
    back = backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        s = t * SPEED[facts["speed"]]
        pitch, roll, spin = phase[0] + 0.9 * s, phase[1] + 0.55 * s, 1.6 * s
        axes = _axes(pitch, roll)
        for _, box, dx, dy in boxes(view, [0.0], [0.0], scale * 1.45):
            u, v = np.broadcast_arrays(dx / np.float32(scale), dy / np.float32(scale))
            part = image[box]
            cover, p, n = _trace(u, v, axes, view.pixel / scale)
            light = np.clip(0.15 + 0.9 * (-0.42 * n[0] - 0.58 * n[1] + 0.70 * n[2]), 0, 1.1)
            shine = np.clip(-0.32 * n[0] - 0.44 * n[1] + 0.84 * n[2], 0, 1) ** 24
            around = np.arctan2(p[1], p[0]) + spin
            m = np.clip(0.5 + 2.2 * np.sin(around * 6), 0, 1)[..., None]
            paint = base + m * (stripe - base)
            body = (
                dark * 0.45
                + light[..., None] * (paint * 1.05 - dark * 0.45)
                + 0.5 * shine[..., None]
            )
            part += cover[..., None] * (np.clip(body, 0, 1) - part)
    return np.clip(out, 0, 1).astype(np.float32)


def _axes(pitch, roll):
    """World x, y, z as seen from the torus."""
    c, s, cr, sr = np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    tip = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    turn = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
    return (turn @ tip).astype(np.float32)


def _trace(u, v, axes, pixel):
    """March parallel rays: coverage, the hit in the torus' frame, and the normal in the world's."""
    m = axes
    start = [m[k, 0] * u + m[k, 1] * v + m[k, 2] * np.float32(1.5) for k in range(3)]
    way = -m[:, 2]
    depth = np.zeros_like(u)
    nearest = np.full_like(u, 9)
    for _ in range(16):
        p = [start[k] + way[k] * depth for k in range(3)]
        d = np.sqrt((np.sqrt(p[0] ** 2 + p[1] ** 2) - MAJOR) ** 2 + p[2] ** 2) - MINOR
        nearest = np.minimum(nearest, d)
        depth = np.minimum(depth + np.maximum(d, 0), 3)
    # rays that only graze get part of a pixel: that smooths the outline
    cover = np.clip(1 - nearest / (1.5 * pixel), 0, 1)
    ring = np.sqrt(p[0] ** 2 + p[1] ** 2) + 1e-6
    k = (ring - MAJOR) / ring
    n = np.stack([p[0] * k, p[1] * k, p[2]])
    n = n / (np.sqrt((n * n).sum(0)) + 1e-6)
    world = np.tensordot(m.T, n, 1)
    return cover.astype(np.float32), p, world
