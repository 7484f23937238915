"""A spiral galaxy that turns."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import another, pick
from models.scenes.particles import glow

GROUP = "space"
EN = (
    "a {c}galaxy",
    "a {c}spiral galaxy",
    "a rotating {c}galaxy",
    "a {c}galaxy in space",
    "a {c}milky way turning",
    "a {c}galaxy spinning",
    "the {c}milky way",
    "a {c}swirling galaxy",
    "a {c}universe with a galaxy",
    "a {c}spiral of stars",
)
ZH = (
    "{c}星系",
    "{c}螺旋星系",
    "旋转的{c}银河",
    "太空中的{c}星系",
    "{c}银河系",
    "{c}银河",
    "{c}宇宙星系",
    "{c}旋涡星系",
    "转动的{c}星系",
)
COLOURS = ("blue", "purple", "magenta", "cyan", "orange", "gold", "pink", "teal")


def facts(rng):
    colour = pick(rng, COLOURS)
    return {
        "kind": "galaxy",
        "colour": colour,
        "colour2": another(rng, COLOURS, colour, 0.5),
        "direction": pick(rng, ("clockwise", "counterclockwise")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    outer = palette.base(facts["colour"])
    inner = palette.base(facts["colour2"] or facts["colour"])
    core = 0.45 * palette.bright(facts["colour2"] or facts["colour"]) + 0.55
    tilt, squeeze = rng.uniform(-0.6, 0.6), rng.uniform(0.42, 0.75)
    grid = view.coarse
    u = grid.x * np.cos(tilt) + grid.y * np.sin(tilt)
    v = (grid.y * np.cos(tilt) - grid.x * np.sin(tilt)) / squeeze
    u, v = u / 1.3, v / 1.3  # the disc fills most of the picture
    r, angle = np.sqrt(u * u + v * v) + 1e-4, np.arctan2(v, u)
    way = 1 if facts["direction"] == "clockwise" else -1
    n = 80
    x, y = rng.uniform(-1, 1, (2, n)) * [[view.right], [view.bottom]]
    stars = glow(view, x, y, rng.uniform(0.004, 0.008, n), rng.uniform(0.2, 0.8, n))[..., None]
    # stars that turn with the disc
    m = 60
    sr, sa = 0.06 + 0.5 * rng.random(m) ** 0.8, rng.uniform(0, 2 * np.pi, m)
    weight, size = rng.uniform(0.2, 0.8, m), rng.uniform(0.005, 0.010, m)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        spin = way * t * SPEED[facts["speed"]] * 0.5
        turned = angle - spin
        # arms are logarithmic spirals; dust follows them because the noise turns too
        wind = turned + way * -3.0 * np.log(r + 0.05)
        dust = noise.at(3 * r * np.cos(wind) * 2 + 40, 3 * r * np.sin(wind) * 2 + 40)
        fine = noise.at(9 * r * np.cos(turned) + 60, 9 * r * np.sin(turned) + 60)
        arm = (0.5 + 0.5 * np.cos(2 * wind + 0.5 * dust)) ** 1.6
        body = np.exp(-r / 0.24) * (0.22 + 1.15 * arm) * np.clip(1 + 0.30 * fine, 0.2, 2)
        body = grid.up(np.clip(body * np.clip((0.75 - r) / 0.35, 0, 1), 0, 2))[..., None]
        heart = grid.up(np.exp(-((r / 0.085) ** 2)) + 0.5 * np.exp(-((r / 0.17) ** 2)))[..., None]
        m_in = grid.up(np.clip(1.1 - r / 0.30, 0, 1))[..., None]
        image[:] = stars * (1 - np.clip(body, 0, 0.8)) + (0.012, 0.010, 0.03)
        image += body * 1.6 * (outer + m_in * (inner - outer)) + heart * core * 0.85
        su, sv = sr * np.cos(sa + spin), sr * np.sin(sa + spin) * squeeze
        sx, sy = su * np.cos(tilt) - sv * np.sin(tilt), su * np.sin(tilt) + sv * np.cos(tilt)
        image += glow(view, sx, sy, size, weight)[..., None]
    return np.clip(out, 0, 1)
