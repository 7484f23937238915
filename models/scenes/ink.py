"""Drops of ink that bloom in clear water."""

import numpy as np

from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, VIVID, another, backdrop, pick

GROUP = "ambient"
EN = (
    "{c}ink in water",
    "{c}ink drops in water",
    "{c}ink spreading in water",
    "a cloud of {c}ink in water",
    "{c}paint dissolving in water",
    "{c}ink blooming in water",
    "{c}ink clouds",
    "a drop of {c}ink dissolving",
    "{c}liquid ink diffusing",
    "swirls of {c}ink in clear water",
)
ZH = (
    "{c}墨水在水中扩散",
    "水中的{c}墨水",
    "{c}颜料在水中散开",
    "{c}墨滴入水",
    "水中晕开的{c}墨",
    "{c}水中墨",
    "散开的{c}墨水",
    "{c}颜料滴入水中",
    "{c}液体扩散",
)
PERIOD = 5.0  # seconds that a drop lives at medium speed


def facts(rng):
    colour = pick(rng, VIVID)
    return {
        "kind": "ink",
        "colour": colour,
        "colour2": another(rng, VIVID, colour),
        "background": pick(rng, ("white", "white", "light blue", "beige")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    noise = Noise(seed)
    colours = [np.array(COLOURS[facts["colour"]].base, np.float32)]
    colours.append(np.array(COLOURS[facts["colour2"] or facts["colour"]].base, np.float32))
    # ink takes light away: what it leaves multiplies the background
    absorb = [-np.log(np.clip(c, 0.03, 0.97)) for c in colours]
    grid = view.coarse
    back = backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * SPEED[facts["speed"]]
        a = noise.at(grid.x * 2, grid.y * 2 - 0.3 * s, s * 0.35)
        b = noise.at(grid.x * 2 + 9, grid.y * 2 - 0.3 * s, s * 0.35)
        a2 = noise.at(grid.x * 4.6 + 0.6 * a, grid.y * 4.6 - 0.5 * s, s * 0.5)
        b2 = noise.at(grid.x * 4.6 + 9 + 0.6 * b, grid.y * 4.6 - 0.5 * s, s * 0.5)
        grain = noise.at(grid.x * 9 + a2, grid.y * 9 + b2 - 0.9 * s, s * 0.8)
        ink = [0.0, 0.0]
        for k in range(4):
            life = s / PERIOD + k / 4
            age, number = life % 1, int(np.floor(life)) + 100 * k
            place = np.random.default_rng((seed, number + 10**6)).uniform(-0.6, 0.6, 2)
            x, y = place[0] * view.right, place[1] * view.bottom * 0.7 - 0.2 + 0.35 * age
            radius = 0.07 + 0.36 * age**0.6
            bend = 0.25 + 0.75 * age
            dx = grid.x - x + bend * (0.12 * a + 0.07 * a2)
            dy = grid.y - y + bend * (0.12 * b + 0.07 * b2)
            cloud = np.exp(-(((dx * dx + dy * dy) / radius**2) ** 1.5))
            fade = min(age / 0.12, 1, (1 - age) / 0.35)
            ink[k % 2] = ink[k % 2] + cloud * fade * (1.25 - 0.7 * age) * (1 + 0.35 * grain)
        depth = sum(
            np.maximum(grid.up(amount), 0)[..., None] * 1.5 * weight
            for amount, weight in zip(ink, absorb)
        )
        image[:] = back * np.exp(-depth)
    return out
