"""Layers of waves that roll across the lower part of the picture."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SIDE, SPEED, speed
from models.scenes.palette import COLOURS, VIVID, another, pick

GROUP = "ambient"
EN = (
    "{c}waves",
    "{c}wavy layers",
    "flowing {c}waves",
    "a {c}wave background",
    "rolling {c}waves",
    "{c}liquid waves",
    "smooth {c}wave layers",
    "abstract {c}waves",
    "{c}curved waves",
    "a sea of {c}waves",
)
ZH = (
    "{c}波浪",
    "{c}的波浪",
    "{c}流动的波浪",
    "{c}波纹背景",
    "{c}层层波浪",
    "{c}波浪起伏",
    "抽象{c}波浪",
    "{c}的浪",
    "平滑的{c}曲线波浪",
)
LAYERS = 5


def facts(rng):
    colour = pick(rng, ("blue",) + VIVID)
    return {
        "kind": "waves",
        "colour": colour,
        "colour2": another(rng, VIVID, colour),
        "background": pick(rng, ("dark blue", "black", "dark purple", "white", "light grey")),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng = np.random.default_rng(seed)
    amplitude = rng.uniform(0.03, 0.07, (LAYERS, 3)) * (1, 0.6, 0.3)
    number = rng.uniform(2.5, 4.5, (LAYERS, 3)) * (1, 1.9, 3.1)
    phase = rng.uniform(0, 2 * np.pi, (LAYERS, 3))
    pace = rng.uniform(0.7, 1.3, (LAYERS, 3)) * SPEED[facts["speed"]] * 1.3
    way = SIDE[facts["direction"]][0]
    colours = _layer_colours(facts)
    back = palette.backdrop(view, facts["background"])
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        for k in range(LAYERS):
            # nearer layers move faster, and fill what is below their crest
            turn = view.x[..., None] * number[k] - way * t * pace[k] * number[k] * (0.25 + 0.1 * k)
            crest = (amplitude[k] * np.sin(turn + phase[k])).sum(-1)
            depth = (view.y - (-0.24 + 0.15 * k) * 2 * view.bottom * 0.9 - crest).astype(np.float32)
            cover = np.clip(depth / view.pixel / 1.5 + 0.5, 0, 1)[..., None]
            light = np.exp(-np.maximum(depth, 0) / 0.07)[..., None]
            fill = colours[k][0] + light * (colours[k][1] - colours[k][0])
            image += cover * (fill - image)
    return out


def _layer_colours(facts):
    """For each layer, its body and its lit crest; the second colour takes over in front."""
    first, second = COLOURS[facts["colour"]], COLOURS[facts["colour2"] or facts["colour"]]
    result = []
    for k in range(LAYERS):
        m = k / (LAYERS - 1)
        mix = [np.array(a) * (1 - m) + np.array(b) * m for a, b in zip(first[:3], second[:3])]
        body = mix[0] + (mix[1] - mix[0]) * (0.25 + 0.5 * (1 - m))
        result.append((body.astype(np.float32), (0.6 * mix[1] + 0.4 * mix[2]).astype(np.float32)))
    return result
