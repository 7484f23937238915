"""Few steps, guided by the words: what a student learns of a teacher that takes twice as many.

A step of STEPS stands for one or two of LTXConditionPipeline's list of twice the length, with
classifier-free guidance (Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022) where the
noise still hides what is shown. The student learns where the teacher's steps lead (progressive
distillation: Salimans and Ho, 2022), from drawn clips with the step's noise on them as well as from
where its own steps have led it. What comes of it wants no guidance and one pass a step, a quarter
of the teacher's work.
"""

import itertools
import random

import torch

from . import flow

GUIDANCE = 3.
OWN = .5                                      # of the lessons begin where the student has come
MEMORY = .995                                 # of the running means: the whole takes an hour or two
FINE = (*flow.LEVELS, 0.)
# Noise levels from each step's first to its last, and whether words guide between them. The first
# two are short, of nearly even change; where little noise is left the picture says more than words.
STEPS = (((FINE[0], FINE[2]), True), ((FINE[2], FINE[4]), True), (FINE[4:7], True),
         (FINE[6:9], False))


def every(windows, sigma):
    """The same noise level for all windows."""
    return torch.full((len(windows.latents),), sigma, device=windows.latents.device)


class Teacher:
    """The steps of a trained model, frozen."""

    def __init__(self, dit, text, no_words, first=0):
        """no_words: tokens of an empty caption, [1, L]; first: of STEPS, to begin with."""
        self.model, self.no_words = (dit, text), no_words
        for module in self.model:
            module.requires_grad_(False)
        self.numbers = itertools.cycle((*range(first, len(STEPS)), *range(first)))

    def velocity(self, windows, x, sigma, model, guided):
        x = flow.behind_given(windows, x, sigma)
        v = flow.velocity(*model, windows, x, sigma)
        if not guided:
            return v
        tokens = tuple(t.expand(len(x), -1) for t in self.no_words)
        plain = flow.velocity(*model, windows, x, sigma, tokens)
        return plain + GUIDANCE * (v - plain)

    def step(self, windows, x, sigmas, model, guided=False):
        for here, there in itertools.pairwise(sigmas):
            v = self.velocity(windows, x, every(windows, here), model, guided)
            x = x + (there - here) * v
        return x

    @torch.no_grad()
    def lesson(self, windows: flow.Windows, student):
        """Of the next of STEPS: noisy latents, their noise level, and the mean velocity from there."""
        number = next(self.numbers)
        sigmas, guided = STEPS[number]
        begin = torch.randn_like(windows.wanted)
        if random.random() < OWN:
            for levels, _ in STEPS[:number]:
                begin = self.step(windows, begin, (levels[0], levels[-1]), student)
        else:
            begin = flow.noisy(windows.wanted, begin, every(windows, sigmas[0]))
        x = self.step(windows, begin, sigmas, self.model, guided)
        return begin, every(windows, sigmas[0]), (x - begin) / (sigmas[-1] - sigmas[0])
