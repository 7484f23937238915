"""A shaded cube that spins."""

import numpy as np

from models.scenes.motion import SIZE, SPEED, size, speed
from models.scenes.palette import COLOURS, PLAIN, VIVID, behind, pick
from models.scenes.particles import boxes
from models.scenes.shapes import polygon, shadow, stage

GROUP = "shapes"
EN = (
    "a {s}{c}spinning cube",
    "a {s}{c}rotating cube",
    "a {s}{c}cube turning",
    "a {s}3d {c}cube",
    "a rotating {s}{c}box",
    "a {s}{c}cube",
    "a {s}{c}3d box spinning",
    "a {s}{c}block turning",
    "a {s}{c}cube in 3d",
)
ZH = (
    "旋转的{s}{c}立方体",
    "{s}{c}立方体转动",
    "一个{c}三维方块旋转",
    "{c}魔方般的立方体",
    "{s}{c}正方体旋转",
    "{s}{c}立方体",
    "{s}{c}盒子旋转",
    "三维{c}立方体",
    "转动的{s}{c}方块",
)
LIGHT = np.array([-0.40, -0.62, 0.68])


def facts(rng):
    colour = pick(rng, VIVID + ("white", "silver"))
    return {
        "kind": "cube",
        "colour": colour,
        "background": behind(rng, PLAIN, colour),
        "size": size(rng),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    half = 0.17 * SIZE[facts["size"]] ** 0.7
    dark, base, bright = (np.float32(c) for c in COLOURS[facts["colour"]][:3])
    way = {"left": 1, "right": -1}[facts["direction"]]
    phase, nod = rng.uniform(0, 2 * np.pi, 2)
    floor = view.bottom * 0.82
    back = stage(view, facts["background"], floor)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        s = t * SPEED[facts["speed"]] * 1.3
        middle = np.array([0, -0.02 + 0.02 * np.sin(s * 0.9 + nod)])
        shadow(view, image, 0.02, floor, half * 1.5, 0.35, base)
        axes = half * _turned(phase + way * s, 0.55 + 0.3 * np.sin(s * 0.45 + nod))
        for k in range(3):
            # of each pair of faces only the one towards us is seen
            normal = axes[k] / half * (1 if axes[k][2] > 0 else -1)
            a, b = axes[(k + 1) % 3], axes[(k + 2) % 3]
            centre = normal * half
            corners = np.array(
                [_project(centre + i * a + j * b) for i, j in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
            )
            light = 0.24 + 0.80 * max(normal @ LIGHT, 0)
            for _, box, dx, dy in boxes(view, middle[:1], middle[1:], half * 2.1):
                d = polygon(dx, dy, corners)
                cover = np.clip(0.5 - d / (1.5 * view.pixel), 0, 1)[..., None]
                edge = np.exp(-((d / (0.035 * half / 0.17)) ** 2))[..., None] * 0.35
                slope = 1 - 0.25 * dy / half * 0.5
                body = dark * 0.6 + (base * 1.08 - dark * 0.6) * light * slope[..., None]
                body = np.clip(body + edge * (bright - body) * light, 0, 1)
                image[box] += cover * (body - image[box])
    return np.clip(out, 0, 1).astype(np.float32)


def _turned(yaw, pitch):
    """The cube's three axes after turning about y, then about x; z points at the viewer."""
    c, s, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    axes = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    x, y, z = axes.T
    return np.stack([x, y * cp - z * sp, y * sp + z * cp], 1)


def _project(p):
    return p[:2] / (1 - 0.55 * p[2])
