# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the dumps of two generations: compare.py DUMP REFERENCE.

Every figure has two limits: `tolerance` decides whether a result equals the reference at all, and
`exact` is what right arithmetic reaches with ease. A figure between the two is a mistake not yet
found, and fails too unless --tolerate is given.
"""

import argparse
import dataclasses
import math
import sys

import torch
from safetensors.torch import load_file

# Relative L2 distances; the video's limits are decibels of its mean square.
LIMITS = {
    "prompt_embeds": (1e-5, 1e-4),
    "negative_embeds": (1e-5, 1e-4),
    "step0_output": (4e-5, 1e-3),
    "latents": (4e-5, 1e-3),
}
VIDEO_DECIBELS = (90.0, 50.0)
FEW = 4  # see allow
ORDER = ("token_ids", "prompt_embeds", "negative_embeds", "step0_output", "latents", "video")


@dataclasses.dataclass
class Figure:
    """One tensor's verdict: "ok", "suspicious" or "FAIL", and the figure in words."""

    name: str
    verdict: str
    text: str
    distance: float = 0.0  # relative, but of the video the root of its mean square


def compare_tensor(name, ours, theirs):
    if ours is None:
        return Figure(name, "FAIL", "missing in the dump")
    if ours.shape != theirs.shape:
        return Figure(name, "FAIL", f"shape {list(ours.shape)} instead of {list(theirs.shape)}")
    if ours.dtype != theirs.dtype:
        return Figure(name, "FAIL", f"type {ours.dtype} instead of {theirs.dtype}")
    if name == "token_ids":
        different = (ours != theirs).nonzero().flatten().tolist()
        return Figure(name, "FAIL" if different else "ok",
                      f"differ from position {different[0]}" if different else "equal")
    ours, theirs = ours.double(), theirs.double()
    if not torch.isfinite(ours).all():
        return Figure(name, "FAIL", "holds infinite numbers")
    if name == "video":
        if ours.min() < 0 or ours.max() > 1:
            return Figure(name, "FAIL", "leaves [0, 1]")
        error = (ours - theirs).square().mean().item()
        decibels = -10 * math.log10(error) if error else math.inf
        exact, tolerance = VIDEO_DECIBELS
        return Figure(name, grade(-decibels, -exact, -tolerance), f"{decibels:.1f} dB", error ** 0.5)
    distance = ((ours - theirs).norm() / theirs.norm()).item()
    return Figure(name, grade(distance, *LIMITS[name]), f"{distance:.1e}", distance)


def grade(value, exact, tolerance):
    if value <= exact:
        return "ok"
    return "suspicious" if value <= tolerance else "FAIL"


def compare(ours, theirs):
    """Figures for every tensor of the reference, in the order in which they are computed."""
    figures = [compare_tensor(name, ours.get(name), theirs[name])
               for name in ORDER if name in theirs]
    figures += [Figure(name, "FAIL", "not in the reference")
                for name in ours if name not in theirs]
    return figures


def allow(figures, moved):
    """The figures; ok is also what is a few times as far as rounding moved the reference itself."""
    reach = {}
    for figure in moved:
        reach[figure.name] = max(reach.get(figure.name, 0.0), figure.distance)
    return [dataclasses.replace(f, verdict="ok", text=f"{f.text} (rounding: {reach[f.name]:.1e})")
            if f.verdict == "suspicious" and f.distance <= FEW * reach.get(f.name, 0.0) else f
            for f in figures]


def worst(figures):
    verdicts = [figure.verdict for figure in figures]
    return next((v for v in ("FAIL", "suspicious") if v in verdicts), "ok")


def describe(figures):
    return "  ".join(f"{f.name} {f.text}" + ("" if f.verdict == "ok" else f" [{f.verdict}]")
                     for f in figures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump")
    parser.add_argument("reference")
    parser.add_argument("--tolerate", action="store_true", help="suspicious figures pass")
    options = parser.parse_args()
    figures = compare(load_file(options.dump), load_file(options.reference))
    for figure in figures:
        print(f"{figure.name:16} {figure.text:24} {figure.verdict}")
    verdict = worst(figures)
    sys.exit(verdict == "FAIL" or (verdict == "suspicious" and not options.tolerate))


if __name__ == "__main__":
    main()
