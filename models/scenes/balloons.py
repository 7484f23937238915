"""Balloons that rise."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED, density, size, speed
from models.scenes.palette import VIVID, another, behind, pick
from models.scenes.particles import boxes, wrap
from models.scenes.shapes import stroke

GROUP = "celebration"
EN = (
    "{d}{s}{c}balloons",
    "{d}{c}balloons rising",
    "{d}{s}{c}balloons flying up",
    "{c}party balloons",
    "{d}{c}balloons floating in the air",
    "{c}birthday balloons",
    "{d}{c}balloons in the sky",
    "floating {c}balloons",
    "{d}{s}{c}helium balloons",
)
ZH = (
    "{d}{c}气球",
    "上升的{c}气球",
    "{d}{s}{c}气球飘起",
    "{c}派对气球",
    "空中飘着{d}{c}气球",
    "{d}{s}{c}气球",
    "生日{c}气球",
    "{c}气球飞上天",
    "飘浮的{c}气球",
)


def facts(rng):
    colour = pick(rng, ("colourful",) * 7 + VIVID + ("white",))
    return {
        "kind": "balloons",
        "colour": colour,
        "colour2": None if colour == "colourful" else another(rng, VIVID, colour),
        "background": behind(
            rng,
            ("light blue", "light blue", "white", "beige", "dark blue", "black", "light grey"),
            colour,
        ),
        "density": density(rng),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    n = max(
        int(
            9
            * (4 * view.right * view.bottom) ** 0.5
            * DENSITY[facts["density"]]
            / SIZE[facts["size"]] ** 0.5
        ),
        4,
    )
    crowd = Crowd(rng, n)
    near = crowd.near
    radius = (0.07 + 0.045 * near) * SIZE[facts["size"]]
    extent = np.array([[view.right], [view.bottom + 0.42]])
    x0, y0 = (crowd.spread() * 2 - 1) * extent[0], crowd.uniform(-1, 1) * extent[1]
    rise = (0.16 + 0.14 * near) * SPEED[facts["speed"]]
    phase, turn = (
        crowd.uniform(0, 2 * np.pi),
        crowd.uniform(0.7, 1.4) * SPEED[facts["speed"]] ** 0.5,
    )
    colour = palette.shades(crowd, facts["colour"], facts["colour2"])
    back = palette.backdrop(view, facts["background"])
    string = np.float32([0.55, 0.55, 0.58])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        sway = np.sin(phase + turn * t)
        x, y = x0 + 0.05 * sway, wrap(y0 - rise * t, extent[1])
        for i in range(n):
            if x[i] + 0.3 < view.x[0, 0] or x[i] - 0.3 > view.x[0, -1]:
                continue
            k = np.linspace(0, 1, 7)
            swing = 0.02 * np.sin(6 * k + 2 * (phase[i] + turn[i] * t)) * k - 0.03 * sway[i] * k
            path = np.stack([x[i] + swing, y[i] + radius[i] * (1.25 + 2.0 * k)], 1)
            stroke(view, image, path, 0.0025, string, 0.8)
            for _, box, dx, dy in boxes(view, x[i : i + 1], y[i : i + 1], radius[i] * 1.35):
                _balloon(
                    image[box], dx / radius[i], dy / radius[i], radius[i] / view.pixel, colour[i]
                )
    return np.clip(out, 0, 1)


def _balloon(image, u, v, pixels, colour):
    """An egg with its narrow end and knot below, lit from the upper left."""
    u, v = np.float32(u), np.float32(v)
    wide = u * (1 + 0.16 * np.clip(v, -1, 1.2)) / 0.92
    r2 = wide * wide + (v / 1.15) ** 2
    knot = np.maximum(np.abs(u) * 1.6 - (v - 1.10), np.abs(v - 1.20) - 0.07)
    z = np.sqrt(np.clip(1 - r2, 0, 1))
    light = np.clip(0.62 + 0.50 * (-0.4 * wide - 0.45 * v + 0.5 * z), 0.3, 1.15)[..., None]
    shine = np.exp(-(((u + 0.38) / 0.20) ** 2) - ((v + 0.50) / 0.30) ** 2)[..., None] * 0.6
    body = np.clip(colour * light + shine, 0, 1)
    d = np.minimum((np.sqrt(r2) - 1) * 0.95, knot)
    cover = np.clip(0.5 - d * pixels / 1.5, 0, 1)[..., None] * np.float32(0.97)
    image += cover * (body - image)
