"""Petals that float down."""

import numpy as np

from models.scenes.flakes import tumble
from models.scenes.motion import density, size, speed
from models.scenes.palette import behind, pick

GROUP = "nature"
EN = (
    "{d}{s}{c}petals",
    "falling {c}petals",
    "{c}cherry blossom petals falling",
    "{d}{c}flower petals in the wind",
    "{c}petals floating down",
    "{c}petals",
    "{c}rose petals falling",
    "{d}{s}{c}petals in the air",
    "a rain of {c}petals",
    "{c}sakura petals",
)
ZH = (
    "{c}花瓣",
    "飘落的{c}花瓣",
    "{c}樱花花瓣飘落",
    "{d}{c}花瓣在风中飞舞",
    "{s}{c}花瓣雨",
    "{d}{c}花瓣",
    "{c}玫瑰花瓣飘落",
    "{c}花瓣飞舞",
    "{c}落花",
)


def facts(rng):
    colour = pick(rng, ("pink", "pink", "red", "white", "magenta", "yellow", "purple"))
    return {
        "kind": "petals",
        "colour": colour,
        "background": behind(
            rng, ("light blue", "black", "dark blue", "dark green", "dark grey", "beige"), colour
        ),
        "density": density(rng),
        "size": size(rng),
        "direction": pick(rng, ("down", "down left", "down right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    return tumble(facts, rng, times, view, _petal, 34, 0.062, (facts["colour"], None))


def _petal(u, v):
    """A drop with a notch at its wide end: signed distance and shade."""
    half = 0.74 * np.sqrt(np.clip(1 - u * u, 0, 1)) * (0.62 + 0.38 * u)
    notch = 0.16 * np.exp(-((v / 0.16) ** 2)) * (u > 0.4)
    d = np.maximum(np.abs(v) - half, np.abs(u) + notch - 1) * 0.8
    return d, 0.95 + 0.18 * u
