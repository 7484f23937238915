"""Birds that fly across a sky."""

import numpy as np

from models.scenes.brush import brush
from models.scenes.clouds import SKIES
from models.scenes.crowd import Crowd
from models.scenes.motion import SIDE, SIZE, SPEED, size, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, pick

GROUP = "things"
EN = (
    "{d}{s}{c}birds flying in {sky}",
    "{d}{s}{c}birds in {sky}",
    "{d}{c}flying birds",
    "{s}{c}birds flapping their wings",
    "{d}{c}birds crossing {sky}",
    "{d}{s}{c}birds",
    "{d}{s}flying {c}birds, {sky}",
    "a flock of {c}birds",
    "{c}birds on the wing",
)
ZH = (
    "{sky}中飞翔的{c}鸟",
    "{d}{c}小鸟飞翔",
    "{d}{s}{c}鸟飞过{sky}",
    "{c}飞鸟拍打翅膀",
    "{d}{c}鸟儿",
    "{d}{s}{c}鸟",
    "{d}{c}鸟群飞行",
    "天空中{d}{c}鸟",
    "{c}鸟飞，{sky}",
)
COLOUR_NAMES = ("white", "red", "blue", "yellow", "brown", "orange", "green", "pink")


def facts(rng):
    return {
        "kind": "bird",
        "colour": pick(rng, COLOUR_NAMES),
        "sky": pick(rng, ("blue", "blue", "sunset", "grey")),
        "density": pick(rng, ("few", "few", "some", "many")),
        "size": size(rng),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    top, horizon = np.array(SKIES[facts["sky"]][0], np.float32)
    colours = [np.float32(c) for c in COLOURS[facts["colour"]][:3]]
    pace, way = SPEED[facts["speed"]], SIDE[facts["direction"]][0]
    n = {"few": 2, "some": 4, "many": 8}[facts["density"]]
    span = {2: 0.28, 4: 0.20, 8: 0.14}[n] * SIZE[facts["size"]] ** 0.7
    crowd = Crowd(rng, n)
    near = 0.75 + 0.4 * crowd.near
    # each bird has its own place in the flock and strays around it
    px = (crowd.spread() * 2 - 1) * view.right * 0.8
    py = crowd.uniform(-0.6, 0.6) * view.bottom
    beat, phase = crowd.uniform(5.0, 7.0) * pace**0.6, crowd.uniform(0, 2 * np.pi)
    height = np.clip((view.y / view.bottom + 1) / 2, 0, 1)[..., None]
    sky = top + height**1.3 * (horizon - top) + 0 * view.x[..., None]
    white = 0.6 * horizon + 0.45
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = sky
        x = view.x + way * 0.30 * pace * t
        cloud = noise.fbm(x * 1.4, view.y * 2.6, t * 0.08, octaves=4)
        cover = np.clip((cloud - 0.25) * 0.8, 0, 0.85)[..., None]
        image += cover * (white - image)
        for i in range(n):
            x = px[i] + 0.12 * np.sin(0.5 * pace * t + phase[i])
            y = py[i] + 0.05 * np.sin(0.8 * pace * t + 2 * phase[i])
            _bird(view, image, x, y, span * near[i], way, np.sin(phase[i] + beat[i] * t), colours)
    return np.clip(out, 0, 1)


def _bird(view, image, x, y, size, way, flap, colours):
    dark, base, bright = colours

    def at(points):
        return np.asarray(points, np.float32) * (way * size, size) + (x, y + 0.06 * size * flap)

    lift = -0.66 * flap - 0.05
    # far wing, body, near wing: what is nearer covers what is farther
    far = [(0.06, -0.03), (-0.02, 0.62 * lift - 0.08), (-0.26, 1.02 * lift)]
    brush(
        view, image, at(far), size * np.float32([0.13, 0.12, 0.015]), 0.6 * dark + 0.4 * base, 1.0
    )
    tail = [(-0.34, 0.02), (-0.56, 0.0), (-0.72, 0.02)]
    brush(
        view, image, at(tail), size * np.float32([0.07, 0.06, 0.09]), 0.5 * dark + 0.5 * base, 1.0
    )
    body = [(-0.36, 0.02), (-0.08, 0.05), (0.22, 0.0)]
    brush(view, image, at(body), size * np.float32([0.07, 0.15, 0.10]), base, 1.0)
    belly = [(-0.2, 0.09), (0.06, 0.11)]
    brush(view, image, at(belly), size * np.float32([0.04, 0.06]), 0.4 * base + 0.6 * bright, 0.8)
    head = [(0.26, -0.05), (0.34, -0.07)]
    brush(view, image, at(head), size * np.float32([0.10, 0.09]), base, 1.0)
    beak = [(0.42, -0.06), (0.54, -0.03)]
    brush(
        view,
        image,
        at(beak),
        size * np.float32([0.035, 0.006]),
        np.float32([0.95, 0.66, 0.15]),
        1.0,
    )
    brush(
        view,
        image,
        at([(0.35, -0.09), (0.36, -0.09)]),
        size * np.float32([0.020, 0.020]),
        np.float32([0.05, 0.05, 0.06]),
        1.0,
    )
    wing = [(0.10, 0.0), (0.0, 0.70 * lift - 0.06), (-0.22, 1.20 * lift)]
    brush(
        view,
        image,
        at(wing),
        size * np.float32([0.15, 0.14, 0.015]),
        0.75 * base + 0.25 * bright,
        1.0,
    )
    edge = [(-0.08, 0.03), (-0.16, 0.62 * lift), (-0.24, 1.16 * lift)]
    brush(
        view, image, at(edge), size * np.float32([0.05, 0.05, 0.012]), 0.5 * dark + 0.5 * base, 0.9
    )
