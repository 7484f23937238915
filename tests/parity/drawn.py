# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoints and requests drawn at random, for what no table thinks of."""

from checkpoints import (
    DYNAMIC_SHIFT,
    NO_SHIFT,
    SENTENCES,
    UNIPC,
    dit,
    model,
    t5,
    vae_090,
    vae_091,
    vae_095,
    wan_dit,
    wan_vae,
)
from reference import Request


def draw_model(rng):
    """A description as in checkpoints.MODELS; `rng` is a random.Random."""
    channels = rng.randint(3, 20)
    text = t5(rng.choice((16, 24, 40, 64)), rng.choice((4, 7, 8, 16, 20)), rng.randint(1, 7),
              rng.randint(1, 4), rng.randint(10, 100))
    files = (tuple(rng.choice(("F32", "F16", "BF16")) for _ in range(3)),
             rng.choice((None, None, "30KB", "100KB")))
    if rng.random() < 0.4:
        return draw_wan(rng, channels, text, files)
    condition = rng.random() < 0.5
    return model(
        "LTXConditionPipeline" if condition else "LTXPipeline", text,
        dit(channels, *draw_heads(rng), rng.randint(1, 5)),
        draw_vae(rng, channels),
        NO_SHIFT if condition else rng.choice((DYNAMIC_SHIFT, DYNAMIC_SHIFT, NO_SHIFT,
                                               dict(shift=rng.uniform(1, 8)))), *files)


def draw_wan(rng, channels, text, files):
    multiples = [rng.choice((1, 2, 3, 4)) for _ in range(4)]
    return model(
        "WanPipeline", text,
        wan_dit(channels, rng.randint(1, 6), 2 * rng.randint(3, 20), rng.randint(1, 5),
                rng.randint(10, 150), cross_attn_norm=rng.random() < 0.8),
        # a norm over one or two channels would turn rounding into something to be seen
        wan_vae(channels, rng.randint(6, 12), multiples, rng.randint(0, 3)),
        rng.choice((UNIPC, UNIPC | dict(flow_shift=rng.uniform(1, 8)),
                    dict(shift=rng.uniform(1, 8)))),
        *files, umt5_pieces=rng.random() < 0.5)


def draw_heads(rng):
    """(heads, width of one): any whose product is even, as the rotary embedding needs."""
    while True:
        heads, width = rng.randint(1, 8), rng.randint(4, 40)
        if heads * width % 2 == 0 and heads * width >= 6:
            return heads, width


def draw_vae(rng, channels):
    layers = [rng.randint(1, 3) for _ in range(5)]
    more = dict(decoder_causal=rng.random() < 0.5, scaling_factor=rng.choice((1.0, 0.5, 1.3)))
    if rng.random() < 0.4:
        widths = sorted(rng.choice((4, 8, 10, 16, 24)) for _ in range(4))
        return vae_090(channels, tuple(widths), tuple(layers), **more)
    build = rng.choice((vae_091, vae_095, vae_095))
    width = rng.choice((8, 16, 24))
    return build(channels, (width, 2 * width, 4 * width), tuple(layers[:4]),
                 timestep_conditioning=rng.random() < 0.7, **more)


def draw_prompt(rng):
    words = " ".join(rng.sample(SENTENCES, rng.randint(1, 3)))
    start = rng.randrange(len(words) // 2)
    return words[start:start + rng.randint(0, 200)]


def draw_request(rng, spec):
    """A request to a model as `spec` describes it: Wan's decoder knows no timestep."""
    request = Request(
        draw_prompt(rng), rng.choice((None, draw_prompt(rng))),
        width=rng.choice((64, 64, 96, 128, 72)), height=rng.choice((64, 64, 96, 160, 80)),
        frames=rng.choice((1, 9, 17, 25, 33, 20)),
        rate=rng.choice(("24", "25", "30", "16", "30000/1001")), steps=rng.randint(2, 12),
        guidance=rng.choice((1.0, 3.0, 5.5)), seed=rng.randrange(1 << 32),
        decode_timestep=rng.choice((None, 0.05, 0.3)),
        decode_noise_scale=rng.choice((None, None, 0.025)))
    if spec["pipeline"] == "WanPipeline":
        request.decode_timestep = request.decode_noise_scale = None
    return request


def draw_cases(rng, number):
    """({model name: description}, cases as in cases.CASES)."""
    models, cases = {}, []
    for i in range(number):
        models[f"drawn-{i}"] = spec = draw_model(rng)
        cases.append((f"drawn-{i}-noise", f"drawn-{i}", draw_request(rng, spec)))
        cases.append((f"drawn-{i}-torch", f"drawn-{i}", draw_request(rng, spec), "torch"))
    return models, cases
