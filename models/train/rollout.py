"""Lessons from where the model's own few steps lead, instead of from drawn clips with noise on them.

In training a pass at a middle noise level sees a drawn clip through the noise; in use it sees what the
passes before it have made, with their mistakes, and repeats them (exposure bias: Bengio et al., "Scheduled
Sampling", 2015; for video Huang et al., "Self Forcing", 2025). From its own way the model learns to mend:
the clip is what is wanted there all the same. It is the one answer where the caption, and what is known in
front, say all that is to be seen, as in openings; so four steps do without guidance.
"""

import torch

from . import flow

SHARE = .3                                    # of the lessons
STEPS = flow.schedule(4)                      # noise levels at which a stream asks


@torch.no_grad()
def way(windows: flow.Windows, model, steps: int):
    """Latents after some of STEPS, from noise."""
    x = torch.randn_like(windows.wanted)
    for here, there in zip(STEPS[:steps], STEPS[1:]):
        sigma = x.new_full((len(x),), here)
        v = flow.velocity(*model, windows, flow.behind_given(windows, x, sigma), sigma)
        x = x + (there - here) * v
    return x


def lesson(windows: flow.Windows, model, rng) -> flow.Lesson:
    """On the model's own way: the velocity to the clip from there.

    Its errors count as those at the beginning do, for they are of that kind.
    """
    steps = rng.randrange(1, len(STEPS))
    x = way(windows, model, steps)
    sigma = x.new_full((len(x),), STEPS[steps])
    return flow.Lesson(x, sigma, (x - windows.wanted) / STEPS[steps], torch.ones_like(sigma))
