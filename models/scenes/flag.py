"""A striped flag that waves in the wind."""

import numpy as np

from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURS, VIVID, another, backdrop, behind, pick

GROUP = "things"
EN = (
    "a {c}flag",
    "a {c}flag waving",
    "a {c}flag in the wind",
    "a waving {c}flag",
    "a {c}flag fluttering on a pole",
    "a {c}banner in the wind",
    "a {c}flag with stripes",
    "a {c}cloth flag",
    "a {c}striped flag on a pole",
)
ZH = (
    "{c}旗帜",
    "飘扬的{c}旗",
    "风中的{c}旗帜",
    "{c}旗子飘动",
    "旗杆上{c}旗帜招展",
    "{c}旗",
    "{c}条纹旗",
    "迎风飘扬的{c}旗",
    "一面{c}旗帜",
)


def facts(rng):
    colour = pick(rng, VIVID + ("white",))
    return {
        "kind": "flag",
        "colour": colour,
        "colour2": another(rng, VIVID + ("white",), colour, 0.6),
        "background": behind(
            rng, ("light blue", "light blue", "dark blue", "black", "white", "light grey"), colour
        ),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    first = [np.float32(c) for c in COLOURS[facts["colour"]][:3]]
    second = [np.float32(c) for c in COLOURS[facts["colour2"] or facts["colour"]][:3]]
    upright = rng.random() < 0.5  # stripes beside or above each other
    parts = int(rng.integers(2, 4))
    phase, pace = rng.uniform(0, 2 * np.pi), SPEED[facts["speed"]]
    left = -min(view.right * 0.78, 0.72)
    wide, tall = min(view.right * 1.5, 1.30), 0.62
    back = backdrop(view, facts["background"])
    pole = np.clip((0.014 - np.abs(view.x - left + 0.014)) / view.pixel / 1.5 + 0.5, 0, 1)
    pole = (pole * np.clip((view.y + 0.43) / 0.01, 0, 1))[..., None]
    knob = np.sqrt((view.x - left + 0.014) ** 2 + (view.y + 0.44) ** 2)
    knob = np.clip((0.026 - knob) / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
    metal = 0.72 - 0.28 * np.clip((view.x - left + 0.014) / 0.014, -1, 1)[..., None]
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        s = t * pace
        image[:] = back
        u = (view.x - left) / wide  # 0 at the pole, 1 at the free end
        free = np.clip(u, 0, 1.1) ** 0.8
        bend = 5.2 * u + 0.5 * view.y
        ripple = 0.25 * noise(view.x * 2.2 - 1.6 * s, view.y * 1.2, s * 0.6)
        lift = 0.055 * free * np.sin(2 * np.pi * (0.9 * u) - 4.6 * s + phase)
        lift = lift + 0.022 * free * np.sin(2 * np.pi * 2.1 * u - 7.4 * s + 0.8 * view.y)
        v = (view.y + 0.10 - lift) / tall + 0.5  # 0 at the upper hem, 1 at the lower
        end = 1 - 0.025 * np.sin(5 * v - 5 * s) - 0.02
        d = np.maximum(np.abs(v - 0.5) * tall - tall / 2, np.maximum(-u, u - end) * wide)
        cover = np.clip(0.5 - d / (1.5 * view.pixel), 0, 1)[..., None]
        # folds: the slope of the cloth towards the light
        fold = np.cos(2 * np.pi * 0.9 * u - 4.6 * s + phase) + 0.7 * np.cos(
            2 * np.pi * 2.1 * u - 7.4 * s + bend * 0.2
        )
        light = np.clip(
            0.86 + (0.20 * fold + 0.12 * ripple) * np.clip(0.25 + free, 0, 1), 0.35, 1.25
        )[..., None]
        stripe = np.clip(u if upright else v, 0, 0.999) * parts
        soft = 1.5 * view.pixel * parts / (wide if upright else tall)
        # stripes one and three have the first colour
        m = (
            np.clip((stripe - 1) / soft + 0.5, 0, 1)
            * np.clip((2 - stripe) / soft + 0.5, 0, 1)[..., None][..., 0]
        )
        body = first[1] + m[..., None] * (second[1] - first[1])
        high = first[2] + m[..., None] * (second[2] - first[2])
        cloth = np.where(light > 1, body + (light - 1) * 1.6 * (high - body), body * light)
        image += cover * (np.clip(cloth, 0, 1) - image)
        image += np.maximum(pole, knob) * (metal - image)
    return np.clip(out, 0, 1).astype(np.float32)
