"""Scenes that the embedded model learns from: functions of facts, a seed and time.

A scene module offers GROUP, facts(rng), draw(facts, seed, times, view) and the nouns of its
captions, EN and ZH. The first option of every fact is the usual one (see usual). A new
kind is one module and one name below.
"""

from importlib import import_module

_NAMES = """
    waves clouds fire bokeh silk plasma rays smoke ink caustics mesh
    snow rain fog lightning sunset moonlight leaves petals embers
    starfield galaxy planet nebula meteors eclipse aurora
    confetti fireworks balloons glitter hearts streamers bubbles
    network grid hexagons datarain equalizer globe radar streaks countdown
    ball pendulum blocks collision orbit wheel spring cube torus
    inkmountains inkriver inkboat cranes plum bamboo inkrain lanterns
    rocket car bird fish butterfly flower candle sun flag clock
""".split()

KINDS = {name: import_module(f"models.scenes.{name}") for name in _NAMES}
