"""Equalizer bars that dance."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import COLOURFUL, VIVID, another, pick

GROUP = "technology"
EN = (
    "{c}equalizer bars",
    "a {c}audio spectrum",
    "{c}music equalizer bars",
    "a {c}sound visualizer",
    "dancing {c}audio bars",
    "{c}bars moving to music",
    "a {c}music visualizer",
    "a {c}sound spectrum",
    "{c}spectrum bars",
    "a {c}graphic equalizer",
)
ZH = (
    "{c}音频均衡器",
    "{c}音乐频谱",
    "跳动的{c}音柱",
    "{c}声音可视化",
    "{c}均衡器柱状条",
    "{c}音乐可视化",
    "{c}声波柱",
    "{c}频谱",
    "随音乐跳动的{c}柱子",
)


def facts(rng):
    colour = pick(rng, ("green",) + VIVID + ("colourful",) * 4)
    return {
        "kind": "equalizer",
        "colour": colour,
        "colour2": None if colour == "colourful" else another(rng, VIVID, colour),
        "background": pick(rng, ("black", "black", "dark blue", "dark purple", "dark grey")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    bars = int(np.round(2 * view.right * rng.uniform(9, 13)))
    pitch = 2 * view.right / bars
    number = np.clip(np.floor((view.x + view.right) / pitch), 0, bars - 1).astype(int)
    middle = (number + 0.5) * pitch - view.right
    cover_x = np.clip((pitch * 0.36 - np.abs(view.x - middle)) / view.pixel / 1.5 + 0.5, 0, 1)
    mirrored = rng.random() < 0.4
    foot = 0.0 if mirrored else view.bottom * 0.78
    reach = view.bottom * (0.75 if mirrored else 1.45)
    up = np.abs(foot - view.y) if mirrored else foot - view.y
    mix = np.clip(up / reach, 0, 1)[..., None]
    if facts["colour"] == "colourful":
        hue = np.array([palette.base(c) for c in COLOURFUL])
        at = np.arange(bars) / bars * (len(hue) - 1)
        colour = np.stack([np.interp(at, range(len(hue)), hue[:, c]) for c in range(3)], 1)[
            number[0]
        ]
        colour = colour[None].astype(np.float32) * (0.85 + 0.3 * mix)
    else:
        low = palette.base(facts["colour"])
        high = (
            palette.base(facts["colour2"]) if facts["colour2"] else palette.bright(facts["colour"])
        )
        colour = low + mix * (high - low) + 0 * view.x[..., None]
    back = palette.backdrop(view, facts["background"])
    pace = SPEED[facts["speed"]] * 3.2
    shape = 0.75 - 0.35 * np.abs(np.arange(bars) / bars - 0.35)
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        beat = 0.25 * np.exp(-((t * pace * 0.45) % 1) * 3)
        level = shape * (0.62 + beat + 0.34 * noise.line(np.arange(bars) * 0.9, t * pace))
        peak = np.clip(level, 0.05, 1)[number] * reach
        bar = np.clip((peak - up) / view.pixel / 1.5 + 0.5, 0, 1) * cover_x
        if not mirrored:
            bar = bar * np.clip(up / view.pixel / 1.5 + 0.5, 0, 1)
        near = np.maximum(np.maximum(up - peak, -up), 0)
        halo = 0.35 * np.exp(-near / 0.05) * np.exp(-(((view.x - middle) / pitch / 0.5) ** 2))
        image[:] = back + halo[..., None] * colour * 0.6
        if not mirrored:  # the floor mirrors the bars faintly
            under = view.y - foot
            shadow = np.clip((peak * 0.4 - under) / (0.12), 0, 1) * cover_x * (under > 0)
            image += (0.22 * shadow * np.exp(-np.maximum(under, 0) / 0.1))[..., None] * colour
        image += bar[..., None] * (colour - image)
    return np.clip(out, 0, 1)
