"""A wireframe globe that turns."""

import numpy as np

from models.scenes import palette
from models.scenes.motion import SPEED, speed
from models.scenes.noise import Noise
from models.scenes.palette import VIVID, pick

GROUP = "technology"
EN = (
    "a {c}wireframe globe",
    "a rotating {c}digital globe",
    "a {c}world globe of lines",
    "a {c}holographic earth",
    "a turning {c}wire globe",
    "a {c}globe",
    "a {c}earth globe",
    "a {c}news background with a globe",
    "a spinning {c}globe",
    "a {c}planet made of lines",
)
ZH = (
    "{c}线框地球",
    "旋转的{c}数字地球",
    "{c}全息地球",
    "{c}网格球体",
    "{c}科技地球旋转",
    "{c}地球",
    "{c}地球仪",
    "{c}新闻背景地球",
    "转动的{c}地球",
)


def facts(rng):
    return {
        "kind": "globe",
        "colour": pick(rng, ("blue", "blue", "cyan") + VIVID + ("white",)),
        "background": pick(rng, ("black", "dark blue", "dark grey", "dark green", "dark purple")),
        "direction": pick(rng, ("left", "right")),
        "speed": speed(rng),
    }


def draw(facts, seed, times, view):
    rng, noise = np.random.default_rng(seed), Noise(seed)
    colour, lit = palette.base(facts["colour"]), palette.bright(facts["colour"])
    radius, tilt = rng.uniform(0.32, 0.38), rng.uniform(-0.45, 0.45)
    back = palette.backdrop(view, facts["background"]).copy()
    d = np.sqrt(view.x**2 + view.y**2) / radius
    halo = np.exp(-np.maximum(d - 1, 0) * radius / 0.06) * (d >= 1) * 0.35
    rim = np.exp(-(((d - 1) * radius / 0.006) ** 2)) * 0.9
    back += (halo + rim)[..., None] * colour
    inside = d < 1
    u, v = (np.broadcast_to(a, d.shape)[inside] / radius for a in (view.x, view.y))
    z = np.sqrt(np.maximum(1 - u * u - v * v, 0))
    pixel = view.pixel / radius
    faces = []
    for side in (-1, 1):  # the far half is seen through the near one
        zz = z * side
        y3, z3 = v * np.cos(tilt) - zz * np.sin(tilt), v * np.sin(tilt) + zz * np.cos(tilt)
        latitude = np.arcsin(np.clip(y3, -1, 1))
        longitude = np.arctan2(u, z3)
        ring = np.sqrt(np.clip(1 - y3 * y3, 1e-3, 1))
        blur = np.minimum(np.maximum(0.018, 1.2 * pixel / np.maximum(z, 0.08)), 0.12)
        faces.append((side, latitude, longitude, ring, blur))
    way = {"left": 1, "right": -1}[facts["direction"]] * SPEED[facts["speed"]] * 0.6
    step = np.pi / 9
    out = view.blank(times)
    for image, t in zip(out, map(float, times)):
        image[:] = back
        if not len(u):  # a window beside the globe
            continue
        light = np.zeros_like(u)
        land = np.zeros_like(u)
        for side, lat, lon, ring, blur in faces:
            turned = lon + way * t
            a = np.abs((turned / step + 0.5) % 1 - 0.5) * step * ring
            b = np.abs((lat / step + 0.5) % 1 - 0.5) * step
            lines = np.maximum(np.exp(-((a / blur) ** 2)), np.exp(-((b / blur) ** 2)))
            light += lines * (0.85 if side > 0 else 0.18)
            if side > 0:
                x3, z3 = np.cos(lat) * np.cos(turned), np.cos(lat) * np.sin(turned)
                n = noise.at(x3 * 1.7 + 20 + 3 * lat, z3 * 1.7 + 20 - lat)
                land = np.clip((n - 0.1) * 6, 0, 1)
        image[inside] += (0.06 + 0.34 * land)[:, None] * colour
        image[inside] += np.minimum(light, 1)[:, None] * (0.35 * lit + 0.6 * colour)
    return np.clip(out, 0, 1)
