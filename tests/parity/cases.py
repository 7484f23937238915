# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is generated with each of the random checkpoints."""

from reference import Request

LONG = "golden particles float upwards over a quiet village while snow falls and " * 40

# (name, model of checkpoints.MODELS or "embedded", Request[, "torch" when no noise file is given])
CASES = [
    # the model that this repository ships
    ("embedded", "embedded", Request("blue waves at sunset", width=256, height=160, frames=17,
                                     rate="24", steps=6, guidance=1.0)),
    ("embedded-torch", "embedded", Request("红色的火焰", width=512, height=288, frames=9, rate="24",
                                           steps=6, guidance=1.0), "torch"),
    # the shortest way through everything
    ("plain", "v090", Request("blue waves at sunset")),
    ("chinese", "v090", Request("红色的火焰在黑夜中燃烧", "模糊的", guidance=3.0)),
    ("mixed", "v095", Request("蓝色的海浪 blue waves 在日落时分, 24 frames", "low quality 下着大雨",
                              guidance=2.5, decode_timestep=0.05, decode_noise_scale=0.025)),
    ("empty", "v090", Request("", guidance=3.0)),
    ("empty-masked", "v095", Request("", "", guidance=3.0)),
    ("long", "v090", Request(LONG, "雨" * 300, guidance=2.0)),
    ("long-masked", "v095", Request(LONG, LONG[::-1], guidance=2.0, decode_timestep=0.1)),
    ("full-width", "v090", Request("Ｂｌｕｅ　ｗａｖｅｓ　ａｔ　ｓｕｎｓｅｔ…  ①② ﬁre½")),
    ("spaces", "causal", Request("  blue\t\twaves \n at　sunset   ")),
    ("emoji", "causal", Request("🔥 red fire 🔥🔥👨‍👩‍👧 burning 雪❄️", "😀", guidance=4.0)),
    ("combining", "v090", Request("e\u0301te\u0301 nai\u0308ve \u1112\u1161\u11ab क्षि ａ\u0300ｶﾞ")),
    ("invisible", "v095", Request("\u200bblue\u00ad waves\ufeff at\u202e \u2028sunset\u200d")),
    ("special", "v090", Request("blue</s> waves <pad> <extra_id_0>\u0085sunset")),
    ("unknown", "v095", Request("ЖЗ ωψ blue §§ %% ~~ #snow")),
    # sizes, lengths, rates
    ("one-frame", "v090", Request("snow", frames=1, width=96)),
    ("one-frame-causal", "causal", Request("snow", frames=1, height=128, steps=3)),
    ("one-frame-timestep", "v091", Request("snow", frames=1, decode_timestep=0.05, height=96)),
    ("wide", "v090", Request("clouds", width=192, height=64, frames=17, rate="25", guidance=3.0)),
    ("tall", "causal", Request("clouds", width=64, height=160, frames=25, rate="30")),
    ("33-frames", "v090-odd-heads", Request("rain", width=96, frames=33, rate="25", steps=3)),
    ("49-frames", "causal", Request("rain", width=96, frames=49, rate="30000/1001", steps=3)),
    ("65-frames", "v095", Request("rain", frames=65, rate="24000/1001", decode_timestep=0.05)),
    ("41-frames-timestep", "v091", Request("rain", frames=41, rate="60", decode_timestep=0.03)),
    ("41-frames-causal", "causal-timestep", Request("rain", frames=41, decode_timestep=0.08)),
    ("ntsc", "v090", Request("rain", frames=17, rate="30000/1001")),
    ("crop", "v090", Request("stars", width=70, height=90, frames=12)),
    ("crop-causal", "causal-timestep", Request("stars", width=100, height=64, frames=4,
                                               decode_timestep=0.05)),
    # steps
    ("1-step", "v095", Request("a ball", steps=1, decode_timestep=0.05)),
    ("1-step-shifted", "v090-plain-shift", Request("a ball", steps=1, guidance=3.0)),
    ("3-steps", "v095-sharded", Request("a ball", steps=3, guidance=3.0, decode_timestep=0.05)),
    ("6-steps", "causal", Request("a ball", steps=6)),
    ("8-steps", "v095", Request("a ball", "rain", steps=8, guidance=3.0, decode_timestep=0.05,
                                decode_noise_scale=0.025)),
    ("30-steps", "v090", Request("a ball", "rain", steps=30, guidance=3.0)),
    ("30-steps-masked", "causal-timestep", Request("a ball", "rain", steps=30, guidance=3.0,
                                                   width=96, frames=17, decode_timestep=0.05)),
    ("25-steps-odd", "v090-odd-heads", Request("一个球", "雨", steps=25, guidance=5.0, height=96)),
    ("20-steps-shifted", "v090-plain-shift", Request("a ball", "", steps=20, guidance=7.5)),
    ("40-steps", "v091", Request("a ball", steps=40, guidance=3.0, decode_timestep=0.05,
                                 decode_noise_scale=0.025)),
    # guidance that is on and off by a hair
    ("guidance-1", "v090", Request("waves", "snow", guidance=1.0)),
    ("guidance-low", "v095", Request("waves", "snow", guidance=0.5)),
    ("guidance-above-1", "v090", Request("waves", "snow", guidance=1.01)),
    # the decoder's timestep
    ("decoder-defaults", "v095", Request("fire")),
    ("decoder-no-noise", "v091", Request("fire", decode_timestep=0.5, decode_noise_scale=0.0)),
    ("decoder-noise-only", "v095-sharded", Request("fire", decode_timestep=0.0,
                                                   decode_noise_scale=0.3)),
    ("decoder-all-noise", "causal-timestep", Request("fire", decode_timestep=1.0)),
    # every other model
    ("condition-090", "condition-090", Request("火焰", "雪", frames=17, guidance=3.0, steps=6)),
    ("first-class-095", "first-class-095", Request("火焰", "雪", frames=17, guidance=3.0, steps=6,
                                                   decode_timestep=0.05)),
    ("wide", "wide", Request("蓝色的海浪 e\u0301 </s> 🔥 sunset…", "雪", width=128, height=96, frames=25,
                             guidance=3.0, steps=4, decode_timestep=0.05)),
    ("condition-shifted", "condition-shifted", Request("snow", "fire", steps=7, guidance=3.0)),
    ("karras", "karras", Request("snow", "fire", steps=5, guidance=3.0)),
    ("exponential", "exponential", Request("snow", "fire", steps=5, guidance=3.0)),
    ("first-config", "v090-first-config", Request("snow", frames=17)),
    ("long-lists", "long-lists", Request("snow", decode_timestep=0.05)),
    ("small-ratios", "small-ratios", Request("snow", frames=9)),
    ("small-ratios-longer", "small-ratios", Request("snow", frames=21, guidance=3.0)),
    ("unusual", "unusual", Request("fire", "snow", guidance=3.0, steps=4, frames=17, width=96)),
    # drawn numbers: the very ones of the pipeline
    ("torch", "v090", Request("waves", seed=1), "torch"),
    ("torch-timestep", "v095", Request("waves", seed=42, frames=17, width=96, guidance=3.0,
                                       decode_timestep=0.2), "torch"),
    ("torch-few", "first-class-095", Request("waves", seed=123456789012, frames=1,
                                             decode_timestep=0.3), "torch"),
    ("torch-odd", "v090-odd-heads", Request("waves", seed=7, frames=1, height=96), "torch"),
    ("torch-large-seed", "causal", Request("waves", seed=2**63 - 1, frames=25), "torch"),
    ("torch-091", "v091", Request("waves", seed=0, frames=9, width=128,
                                  decode_timestep=0.05, decode_noise_scale=0.025), "torch"),
]
