"""Fireworks that burst one after another."""

import numpy as np

from models.scenes import palette
from models.scenes.crowd import Crowd
from models.scenes.motion import DENSITY, SPEED, density, speed
from models.scenes.palette import VIVID, another, pick
from models.scenes.particles import add_glow

GROUP = "celebration"
EN = (
    "{d}{c}fireworks",
    "{c}fireworks in the night sky",
    "{c}fireworks exploding",
    "a {c}fireworks show",
    "bursting {c}fireworks",
    "{c}firework",
    "new year {c}fireworks",
    "a {c}firework display",
    "{d}{c}fireworks over the city night",
    "{c}explosions in the sky",
)
ZH = (
    "{c}烟花",
    "夜空中的{c}烟花",
    "绽放的{c}焰火",
    "{d}{c}烟花爆炸",
    "{c}礼花表演",
    "{c}烟火",
    "新年{c}烟花",
    "{d}{c}烟花绽放",
    "燃放{c}烟花",
)
SPARKS = 52
TRAIL = 5


def facts(rng):
    colour = pick(rng, ("gold",) + VIVID + ("colourful",) * 6 + ("white",))
    return {
        "kind": "fireworks",
        "colour": colour,
        "colour2": None if colour == "colourful" else another(rng, VIVID, colour),
        "background": pick(rng, ("black", "black", "dark blue", "dark purple")),
        "density": density(rng),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    shells = max(round(5 * DENSITY[facts["density"]]), 2)
    offset, rate = Crowd(rng, shells).spread(), 0.42 * SPEED[facts["speed"]] ** 0.8
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        for k in range(shells):
            life = offset[k] + rate * t
            _shell(image, view, facts, (seed, k, int(np.floor(life)) + 10**6), life % 1)
    return np.clip(out, 0, 1)


def _shell(image, view, facts, key, age):
    """One rocket: it climbs for a fifth of its life, then its sparks spread, sink and fade."""
    rng = np.random.default_rng(key)
    x, y = rng.uniform(-0.8, 0.8) * view.right, rng.uniform(-0.65, 0.05) * view.bottom
    (name,) = palette.names(Crowd(rng, 1), facts["colour"], facts["colour2"])
    colour, lit = palette.base(name), palette.bright(name)
    angle = rng.uniform(0, 2 * np.pi, SPARKS)
    reach = np.sqrt(1 - rng.uniform(-1, 1, SPARKS) ** 2) * rng.uniform(0.9, 1.05, SPARKS)
    size = rng.uniform(0.32, 0.50)
    if age < 0.2:
        climb = (age / 0.2) ** 0.7
        tail = np.linspace(0, 0.10, 6)
        py = view.bottom + (y - view.bottom) * climb + tail
        add_glow(view, image, np.full(6, x), py, 0.007, np.linspace(0.8, 0.1, 6), lit)
        return
    age = (age - 0.2) / 0.8
    light = 1.5 * (1 - age) ** 0.9
    # the head of each spark, and where it was a few moments ago
    then = np.maximum(age - 0.035 * np.arange(TRAIL)[:, None], 0)
    far = size * (1 - np.exp(-4.2 * then)) * reach
    px, py = x + far * np.cos(angle), y + far * np.sin(angle) + 0.16 * then**2
    fade = light * (0.9 - 0.18 * np.arange(TRAIL))
    add_glow(view, image, px[0], py[0], 0.0095, np.full(SPARKS, fade[0]), lit)
    add_glow(
        view, image, px[1:].ravel(), py[1:].ravel(), 0.008, np.repeat(fade[1:], SPARKS), colour
    )
    flash = np.exp(-age * 14) * 0.8 + 0.10 * light
    add_glow(view, image, [x], [y], 0.10 + 0.2 * age, np.array([flash]), 0.5 * (colour + lit))
