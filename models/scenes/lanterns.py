"""Sky lanterns that rise over dark mountains."""

import numpy as np

from models.scenes import palette
from models.scenes.brush import ridge
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SIZE, SPEED, density, size, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, pick
from models.scenes.particles import add_glow, boxes, wrap

GROUP = "ink landscape"
EN = (
    "{d}{s}{c}lanterns rising",
    "{d}{c}sky lanterns",
    "{c}paper lanterns floating up at night",
    "{d}glowing {c}lanterns in the night sky",
    "{d}{c}Chinese lanterns rising",
    "{d}{s}{c}lanterns",
    "{d}{s}{c}floating lanterns",
    "a lantern festival, {c}lanterns",
    "{d}{c}lanterns in the sky",
)
ZH = (
    "{d}{c}孔明灯",
    "升起的{c}天灯",
    "夜空中{d}{c}灯笼升起",
    "{d}发光的{c}灯笼",
    "{c}孔明灯飘向夜空",
    "{d}{s}{c}灯笼",
    "{c}元宵节灯笼",
    "飘浮的{d}{c}灯笼",
    "{d}{s}{c}天灯",
)


def facts(rng):
    return {
        "kind": "lanterns",
        "colour": pick(rng, ("orange", "orange", "red", "gold", "pink", "yellow")),
        "background": pick(rng, ("dark blue", "dark blue", "black", "dark purple", "dark red")),
        "density": density(rng),
        "size": size(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    n = max(
        int(
            15
            * (4 * view.right * view.bottom) ** 0.5
            * DENSITY[facts["density"]]
            / SIZE[facts["size"]] ** 0.5
        ),
        3,
    )
    crowd = Crowd(rng, n)
    near = crowd.near
    radius = (0.020 + 0.045 * near**1.3) * SIZE[facts["size"]]
    x0, extent = (crowd.spread() * 2 - 1) * view.right, view.bottom + 0.14
    y0 = crowd.uniform(-1, 1) * extent
    rise = (0.06 + 0.16 * near) * SPEED[facts["speed"]]
    phase = crowd.uniform(0, 2 * np.pi)
    dark, base, bright = (np.float32(c) for c in COLOURS[facts["colour"]][:3])
    back = palette.backdrop(view, facts["background"]).copy()
    edge = min(palette.BACKGROUNDS[facts["background"]].edge)
    for k in range(2):
        depth = ridge(
            view, Noise(seed + 60 + k), 6 * k, view.bottom * (0.62 + 0.2 * k), 1.4 + 0.4 * k, 0.14
        )
        cover = np.clip(depth / view.pixel / 2 + 0.5, 0, 1)[..., None]
        back += cover * (edge + np.float32([0.02, 0.025, 0.045]) * (1.4 - k) - back)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        x = x0 + 0.03 * np.sin(phase + 0.7 * t * SPEED[facts["speed"]])
        y = wrap(y0 - rise * t, extent)
        flicker = 0.85 + 0.15 * noise.line(phase * 7, t * 3)
        for i in range(n):
            add_glow(
                view,
                image,
                x[i : i + 1],
                y[i : i + 1],
                radius[i] * 2.3,
                np.array([0.42 * flicker[i]]),
                base,
            )
        for i, box, dx, dy in boxes(view, x, y, radius * 1.5):
            u, v = dx / np.float32(radius[i]), dy / np.float32(radius[i] * 1.25)
            # wider above, narrower at its open end below, round on top
            half = 0.86 - 0.20 * v
            d = np.maximum(np.abs(u) - half, np.maximum(-v - 1 + 0.35 * u * u, v - 1)) * radius[i]
            cover = np.clip(0.5 - d / (2 * view.pixel), 0, 1)[..., None]
            flame = np.exp(-((u / 0.75) ** 2) - ((v - 0.75) / 0.9) ** 2) * flicker[i]
            body = 0.62 * base + 0.22 * dark + flame[..., None] * (0.95 * bright - 0.25 * base)
            body = body * (0.75 + 0.25 * near[i])
            image[box] += cover * (np.clip(body, 0, 1) - image[box])
    return np.clip(out, 0, 1)
