"""Small balls that circle a large one."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.palette import COLOURS, DARK, VIVID, pick
from models.scenes.particles import add_glow, glow
from models.scenes.shapes import sphere

GROUP = "shapes"
EN = (
    "{c}balls in orbit",
    "{c}spheres orbiting",
    "small {c}balls orbiting a large ball",
    "a {c}sphere circled by moons",
    "{c}orbits like an atom",
    "a {c}atom model",
    "{c}spheres going around a centre",
    "a {c}solar system model",
    "{c}orbiting balls",
)
ZH = (
    "{c}球体环绕",
    "围绕轨道旋转的{c}小球",
    "{c}小球绕着大球转",
    "{c}轨道运动",
    "{c}行星轨道",
    "{c}原子模型",
    "{c}太阳系模型",
    "绕中心旋转的{c}球",
    "{c}环绕轨道",
)


def facts(rng):
    colour = pick(rng, ("gold",) + VIVID)
    return {
        "kind": "orbit",
        "colour": colour,
        "colour2": (
            pick(rng, [c for c in VIVID + ("white",) if c != colour])
            if rng.random() < 0.6
            else None
        ),
        "background": pick(rng, DARK),
        "direction": pick(rng, ("clockwise", "counterclockwise")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    first = COLOURS[facts["colour"]]
    second = COLOURS[facts["colour2"] or facts["colour"]]
    n = int(rng.integers(2, 5))
    reach = np.linspace(0.27, 0.46, n) * min(1.2, view.right / view.bottom + 0.2)
    reach = np.minimum(reach, view.right * 0.9)
    tilt = rng.uniform(-0.5, 0.5, n) if rng.random() < 0.5 else np.full(n, rng.uniform(-0.35, 0.35))
    flat = rng.uniform(0.25, 0.45, n)
    phase, rate = rng.uniform(0, 2 * np.pi, n), 2.6 * (0.27 / reach) ** 1.2 * SPEED[facts["speed"]]
    radius = rng.uniform(0.028, 0.045, n)
    way = 1 if facts["direction"] == "clockwise" else -1
    stars = rng.uniform(-1, 1, (2, 40)) * [[view.right], [view.bottom]]
    back = palette.backdrop(view, facts["background"])
    back = back + glow(view, *stars, 0.005, rng.uniform(0.1, 0.5, 40))[..., None]
    back = np.clip(
        back
        + sum(_track(view, *a) for a in zip(reach, flat, tilt))[..., None]
        * np.float32(second.base),
        0,
        1,
    )
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        add_glow(view, image, [0], [0], 0.24, np.array([0.35]), first.base)
        angle = phase + way * rate * t
        u, v = reach * np.cos(angle), reach * np.sin(angle) * flat
        x, y = u * np.cos(tilt) - v * np.sin(tilt), u * np.sin(tilt) + v * np.cos(tilt)
        depth = np.sin(angle)  # below the middle is nearer
        middle_drawn = False
        for i in np.argsort(depth):
            if depth[i] > 0 and not middle_drawn:
                sphere(view, image, 0, 0, 0.135, first)
                middle_drawn = True
            add_glow(
                view, image, x[i : i + 1], y[i : i + 1], radius[i] * 2, np.array([0.3]), second.base
            )
            sphere(view, image, x[i], y[i], radius[i] * (1 + 0.2 * depth[i]), second)
        if not middle_drawn:
            sphere(view, image, 0, 0, 0.135, first)
    return np.clip(out, 0, 1)


def _track(view, reach, flat, tilt):
    """A thin ellipse."""
    u = view.x * np.cos(tilt) + view.y * np.sin(tilt)
    v = (view.y * np.cos(tilt) - view.x * np.sin(tilt)) / flat
    r = np.sqrt(u * u + v * v) + 1e-6
    slope = np.sqrt(u * u + (v / flat) ** 2) / r  # how fast r changes: keeps the line even
    return (0.40 * np.exp(-(((r - reach) / slope / 0.0035) ** 2))).astype(np.float32)
