"""Lightning in storm clouds."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import pick
from models.scenes.shapes import stroke

GROUP = "weather"
EN = (
    "{c}lightning",
    "a thunderstorm with {c}lightning",
    "{c}lightning bolts in dark clouds",
    "a {c}lightning storm at night",
    "{c}flashes of lightning",
    "a {c}thunderstorm",
    "a {c}lightning strike",
    "{c}thunder and lightning",
    "stormy sky with {c}lightning",
    "{c}electric storm",
)
ZH = (
    "{c}闪电",
    "雷暴中的{c}闪电",
    "乌云中的{c}闪电",
    "夜里{c}电闪雷鸣",
    "{c}闪电划过夜空",
    "{c}雷电",
    "{c}雷雨",
    "{c}霹雳",
    "暴风雨中的{c}闪电",
)


def facts(rng):
    return {
        "kind": "lightning",
        "colour": pick(rng, ("blue", "blue", "purple", "white", "cyan", "magenta")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    noise = Noise(seed)
    colour, bright = palette.base(facts["colour"]), palette.bright(facts["colour"])
    pace = SPEED[facts["speed"]]
    floor = view.bottom * 0.80
    land = np.clip((view.y - floor) / 0.012 + 0.5, 0, 1)[..., None]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        cloud = noise.fbm(view.x * 1.5 - 0.12 * s, view.y * 2.4, s * 0.12, octaves=5)
        cloud = np.clip(0.42 + 0.26 * cloud - 0.25 * view.y, 0, 1)[..., None]
        image[:] = cloud * (0.26 * colour + 0.08) + 0.015
        # two clocks strike bolts, each with a strong flash and an afterglow
        for k in range(2):
            beat = s * 1.1 + 0.5 * k + 0.13 * k
            age, number = beat % 1, int(np.floor(beat)) * 2 + k
            rng = np.random.default_rng((seed, number + 10**6))
            power = np.exp(-3.2 * age) * (0.7 + 0.3 * np.cos(age * 42)) * rng.uniform(0.75, 1.1)
            if power < 0.02:
                continue
            x0 = rng.uniform(-0.75, 0.75) * view.right
            d2 = (view.x - x0) ** 2 + ((view.y + 0.55 * view.bottom) * 1.3) ** 2
            flash = (np.exp(-d2 / 0.30) * power)[..., None]
            image += flash * (0.18 + 1.3 * cloud) * (0.5 * colour + 0.5 * bright)
            for path, width in _bolt(rng, x0, -view.bottom * 0.95, floor):
                stroke(view, image, path, width * 3, colour, 0.30 * power, width * 6, True)
                stroke(view, image, path, width, 0.4 * bright + 0.6, 1.35 * power, width, True)
        image *= 1 - land * 0.9
    return np.clip(out, 0, 1)


def _bolt(rng, x0, top, floor):
    """A jagged trunk and a few thinner branches, as (points, width)."""
    y = np.linspace(top, floor, 12)
    x = x0 + np.cumsum(rng.normal(0, 0.045, 12)) + np.linspace(0, rng.normal(0, 0.15), 12)
    yield np.stack([x, y], 1), 0.0055
    for _ in range(3):
        k = rng.integers(2, 8)
        steps = rng.integers(3, 5)
        dx = rng.choice([-1, 1]) * rng.uniform(0.02, 0.08, steps)
        branch = np.cumsum(np.stack([dx, rng.uniform(0.03, 0.09, steps)], 1), 0)
        yield np.concatenate([[[x[k], y[k]]], branch + (x[k], y[k])]), 0.0032
