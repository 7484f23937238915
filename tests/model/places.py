#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cells of a transformer that has learned nothing know where and when they are, at the highest noise level.

tests/model/places.py: of windows of several sizes, lengths and rates, every upper left corner is marked and
the first latent frame, and nothing else; what tells columns, rows and time falls from one to the next, alike in
the whole window. In those that the model is made for there are cosines of column and row. What is given to
a window has no marks.
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from models.train import dit, flow, places  # noqa: E402

torch.manual_seed(7)
torch.set_num_threads(1)
SIZES = ((1, 9, 16, 24), (5, 9, 16, 60), (3, 9, 12, 12), (5, 5, 8, 30))  # frames, rows, columns, rate
bad = 0


def states_of(model, frames, h, w, rate, given=0):
    """Hidden states behind the second and the third block, of noise alone: [frames, h, w, width]."""
    seen, tokens = [], frames * h * w
    hooks = [block.register_forward_hook(lambda _, i, out: seen.append(out))
             for block in model.transformer_blocks[1:3]]
    latents, steps = torch.randn(frames, h * w, model.config.in_channels), torch.full((frames, h * w), 1000.)
    latents[:given], steps[:given] = latents[:given, :1], 0  # a picture without detail
    model(latents.view(1, tokens, -1), .1 * torch.randn(1, 8, model.config.caption_channels),
          steps.view(1, tokens), torch.ones(1, 8),
          video_coords=flow.coordinates(frames, h, w, [rate], False))
    for hook in hooks:
        hook.remove()
    return [states.view(frames, h, w, -1) for states in seen]


def check(what, right):
    global bad
    bad += not right
    print(f"{'ok' if right else 'not ok'} - {what}")


def falls(values, axis):
    lines = values.movedim(axis, 0).flatten(1)
    return bool((lines.min(1).values[:-1] > lines.max(1).values[1:]).all())


def error_of_cosines(told):
    """Of what tells columns and rows, as a share of it; the norm leaves its scale open."""
    rows, columns = places.WINDOW[1:]
    across, down = (places.cosines(n, torch.arange(n)) for n in (columns, rows))
    wanted = torch.cat([across.expand(rows, -1, -1), down[:, None].expand(-1, columns, -1)], -1)
    got = told[..., -places.BUS:][..., :wanted.shape[-1]]
    scale = (got * wanted).sum(-1, keepdim=True) / wanted.pow(2).sum(-1, keepdim=True)
    return ((got / scale - wanted).pow(2).mean() / wanted.pow(2).mean()).sqrt().item()


with torch.no_grad():
    model, _ = dit.build(4096)
    for size in SIZES:
        marks, told = states_of(model, *size)
        name = f"{size[2]}x{size[1]}, {size[0]} latent frames, {size[3]} a second"
        corners, begun = marks[:, 0, 0, places.MARKED], marks[..., places.BEGUN]
        check(f"{name}: the corner alone is marked",
              corners.min() > 0 and (marks[..., places.MARKED] > .01 * corners.min()).sum() == size[0])
        check(f"{name}: the first frame alone is marked",
              begun[0].min() > 0 and (begun > .01 * begun[0].min()).sum() == begun[0].numel())
        check(f"{name}: columns are told apart", falls(told[..., places.COLUMN], 2))
        check(f"{name}: rows are told apart", falls(told[..., places.ROW], 1))
        # the first two latent frames are too near for this
        check(f"{name}: frames are told apart",
              falls((told[..., places.TIME] / told[..., places.WHOLE])[1:], 0))
        if size[1:3] == places.WINDOW[1:]:
            error = error_of_cosines(told)
            check(f"{name}: cosines to {error:.3f} of their width", error < .4)
    marks, _ = states_of(model, 5, 9, 16, 24, given=2)
    check("what is given has no marks", not marks[:2, ..., [places.MARKED, places.BEGUN]].gt(1e-3).any()
          and bool((marks[2:, 0, 0, places.MARKED] > 1).all()))
sys.exit(bad > 0)
