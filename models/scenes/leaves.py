"""Falling leaves."""

import numpy as np

from models.scenes.flakes import tumble
from models.scenes.motion import density, size, speed
from models.scenes.palette import pick

GROUP = "nature"
EN = (
    "{d}{s}{c}leaves falling",
    "falling {c}leaves",
    "{d}{c}autumn leaves",
    "{c}leaves in the wind",
    "{s}{c}leaves drifting down",
    "{d}{c}leaves",
    "{c}autumn",
    "{c}foliage falling",
    "{d}{s}{c}leaves blowing",
    "autumn with {c}leaves",
)
ZH = (
    "{c}落叶",
    "飘落的{c}树叶",
    "{d}{c}秋叶",
    "风中的{c}叶子",
    "{s}{c}叶片飘落",
    "{c}叶子",
    "{c}秋天落叶",
    "{d}{s}{c}树叶",
    "秋天，{c}叶子飘落",
)


def facts(rng):
    return {
        "kind": "leaves",
        "colour": pick(rng, ("orange", "red", "gold", "yellow", "green", "brown")),
        "background": pick(
            rng, ("black", "dark blue", "dark green", "dark grey", "white", "light blue", "beige")
        ),
        "density": density(rng),
        "size": size(rng),
        "direction": pick(rng, ("down", "down left", "down right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    pair = {"orange": "red", "red": "orange", "gold": "orange", "yellow": "gold", "brown": "gold"}
    second = pair.get(facts["colour"]) if rng.random() < 0.5 else None
    return tumble(facts, rng, times, view, _leaf, 26, 0.085, (facts["colour"], second))


def _leaf(u, v):
    """A pointed oval with a midrib: signed distance and shade."""
    half = 0.42 * (1 - u * u) * (1 + 0.25 * u)
    rib = 0.72 + 0.28 * np.clip(np.abs(v) / 0.10, 0, 1)
    return (np.abs(v) - half) * 0.8 + 0.5 * np.maximum(np.abs(u) - 1, 0), rib - 0.12 * np.sign(v)
