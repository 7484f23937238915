#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes frames in Python and steers the video by an event from the sink.

    examples/gst/prompts.py [PROMPT...]

Needs python3-gi and gir1.2-gstreamer-1.0. Prints for every frame its time, its mean brightness and
what its meta says; after every 48 frames the next prompt is sent upstream. FRAMES and SIZE as for
the scripts beside it.
"""
import os
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

PROMPTS = sys.argv[1:] or ["blue waves at sunset", "red fire burning"]
FRAMES_PER_PROMPT = 48


def steer(element, **fields):
    """Sends the custom upstream event that t2vsrc takes its new options from."""
    structure = Gst.Structure.new_empty("t2v")
    for name, value in fields.items():
        structure.set_value(name, value)
    return element.send_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_UPSTREAM, structure))


def describe(buffer):
    """What the frame says of its origin."""
    meta = buffer.get_custom_meta("GstT2vMeta").get_structure()
    return f"model {meta.get_string('model')}, seed {meta.get_value('seed')}"


def mean(buffer):
    data = buffer.extract_dup(0, buffer.get_size())
    return sum(data) / len(data)


def pull_frames(sink, count):
    """Yields up to `count` buffers (-1: without end)."""
    while count != 0:
        sample = sink.emit("pull-sample")
        if sample is None:
            return
        yield sample.get_buffer()
        count -= 1


def main():
    Gst.init(None)
    width, height = os.environ.get("SIZE", "256x144").split("x")
    pipeline = Gst.parse_launch(
        "t2vsrc name=source ! "
        f"video/x-raw,format=RGB,width={width},height={height},framerate=24/1 ! "
        "appsink name=sink sync=false max-buffers=2")
    sink = pipeline.get_by_name("sink")
    pipeline.get_by_name("source").set_property("prompt", PROMPTS[0])
    pipeline.set_state(Gst.State.PLAYING)
    frames = int(os.environ.get("FRAMES", "-1"))
    try:
        for number, buffer in enumerate(pull_frames(sink, frames)):
            print(f"{buffer.pts / Gst.SECOND:.3f} s, mean {mean(buffer):.1f}, {describe(buffer)}")
            if number % FRAMES_PER_PROMPT == FRAMES_PER_PROMPT - 1:
                prompt = PROMPTS[(number // FRAMES_PER_PROMPT + 1) % len(PROMPTS)]
                steer(sink, prompt=prompt)
    except KeyboardInterrupt:
        pass
    error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if error:
        sys.exit(error.parse_error()[0].message)


if __name__ == "__main__":
    main()
