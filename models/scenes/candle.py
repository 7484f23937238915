"""A burning candle."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, pick

GROUP = "things"
EN = (
    "a {c}candle",
    "a burning {c}candle",
    "a {c}candle in the dark",
    "candlelight from a {c}candle",
    "a {c}candle with a flickering flame",
    "{c}candles",
    "a {c}candle flame",
    "a {c}candle burning at night",
    "a lit {c}candle",
)
ZH = (
    "{c}蜡烛",
    "燃烧的{c}蜡烛",
    "黑暗中的{c}蜡烛",
    "{c}烛光摇曳",
    "一支{c}蜡烛",
    "{c}烛光",
    "点燃的{c}蜡烛",
    "{c}蜡烛火焰",
    "夜里的{c}蜡烛",
)


def facts(rng):
    return {
        "kind": "candle",
        "colour": pick(rng, ("white", "white", "red", "blue", "green", "purple", "gold", "pink")),
        "background": pick(
            rng, ("black", "black", "dark red", "dark blue", "dark grey", "dark purple")
        ),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    dark, base, bright = (np.float32(c) for c in COLOURS[facts["colour"]][:3])
    pace = SPEED[facts["speed"]]
    count = 3 if rng.random() < 0.4 and view.right > 0.7 else 1
    places = np.linspace(-0.42, 0.42, count) if count > 1 else np.zeros(1)
    tops = view.bottom * 0.18 + rng.uniform(-0.12, 0.12, count) * (count > 1)
    half = 0.085 if count > 1 else 0.105
    back = palette.backdrop(view, facts["background"]) * 0.75
    warm = np.float32([1.0, 0.62, 0.24])
    fire = palette.gradient((0.25, 0.05, 0), (0.95, 0.42, 0.06), (1, 0.78, 0.28), (1, 0.97, 0.82))
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        for i, (x, top) in enumerate(zip(places, tops)):
            flicker = 1 + 0.10 * noise.line([i * 7.0], t * 5 * pace)[0]
            fy = top - 0.12
            d2 = (view.x - x) ** 2 + (view.y - fy) ** 2
            halo = 0.34 * np.exp(-d2 / 0.045) + 0.16 * np.exp(-d2 / 0.30)
            image += (halo * flicker)[..., None] * warm
        for i, (x, top) in enumerate(zip(places, tops)):
            columns = np.flatnonzero(np.abs(view.x[0] - x) < half + 0.05)
            if len(columns):
                part = image[:, columns[0] : columns[-1] + 1]
                dx = view.x[:, columns] - x
                _wax(view, part, dx, top, half, (dark, base, bright), warm)
                _flame(view, part, dx, top, noise, t * pace, i, fire)
    return np.clip(out, 0, 1)


def _wax(view, image, dx, top, half, colours, warm):
    """A round candle, lit from within near its flame."""
    dark, base, bright = colours
    u = dx / half
    rim = top + 0.010 * np.sqrt(np.clip(1 - u * u, 0, 1)) + 0.006 * np.sin(9 * u + 30 * top)
    d = np.maximum(np.abs(dx) - half, rim - view.y)
    cover = np.clip(0.5 - d / (1.5 * view.pixel), 0, 1)[..., None]
    lit = np.exp(-np.maximum(view.y - top, 0) / 0.13)[..., None]
    shade = (0.95 - 0.50 * np.clip(np.abs(u), 0, 1) ** 2 - 0.12 * u)[..., None]
    wax = (0.55 * base + 0.30 * dark + lit * (0.55 * bright + 0.25 * warm)) * shade
    image += cover * (np.clip(wax, 0, 1) - image)


def _flame(view, image, dx, top, noise, s, i, fire):
    """A drop of fire on a wick, that leans and stretches."""
    lean = 0.035 * noise.line([20.0 + 9 * i], s * 2.2)[0]
    tall = 0.25 * (1 + 0.13 * noise.line([40.0 + 9 * i], s * 3.5)[0])
    wick = np.clip((0.006 - np.abs(dx)) / view.pixel / 1.5 + 0.5, 0, 1)
    wick = (
        wick
        * np.clip((view.y - top + 0.045) / 0.01, 0, 1)
        * np.clip((top + 0.012 - view.y) / 0.01, 0, 1)
    )
    image += wick[..., None] * (np.float32([0.06, 0.04, 0.04]) - image)
    k = (top - 0.018 - view.y) / tall  # 0 at the foot, 1 at the tip
    middle = lean * np.clip(k, 0, 1.2) ** 1.6 + 0.008 * np.sin(6 * k - 5 * s) * np.clip(k, 0, 1)
    half = 0.050 * np.sqrt(np.clip(k, 0, 1)) * np.clip(1 - k, 0, 1) ** 0.75 * 2.0
    d = (np.abs(dx - middle) - half) / 0.018
    body = np.clip(0.5 - d, 0, 1) * (k > -0.02) * (k < 1.02)
    heat = np.clip(
        0.45 + 0.75 * (1 - np.abs(dx - middle) / np.maximum(half, 1e-3)) * np.clip(1.25 - k, 0, 1),
        0,
        1,
    )
    blue = np.exp(-(((k - 0.04) / 0.09) ** 2))[..., None] * np.float32([-0.55, -0.25, 0.45])
    flame = np.clip(palette.paint(fire, heat) + blue, 0, 1)
    image += body[..., None].astype(np.float32) * (flame - image)
