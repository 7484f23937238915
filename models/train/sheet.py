"""Frames of many prompts on one picture, made by diffusers' own LTXConditionPipeline.

    python -m models.train.sheet --model models/default --out sheet.png [--prompts "a" "b"]
"""

import time
from pathlib import Path

import numpy as np
import torch
from diffusers import LTXConditionPipeline
from PIL import Image, ImageDraw

from . import common

PROMPTS = (
    "slow blue waves", "orange clouds in a sunset sky", "red flames rising on black",
    "gold bokeh lights", "purple silk ribbons", "green plasma", "pink rays of light",
    "white smoke on black", "snow falling", "rain", "an orange sunset over the sea",
    "stars flying towards the viewer", "green northern lights", "colourful confetti",
    "a cyan network of dots and lines", "a red ball bouncing",
    "蓝色波浪", "红色火焰", "紫色极光", "金色光斑",
)


def label(image: Image.Image, text: str) -> None:
    draw = ImageDraw.Draw(image)
    draw.text((5, 4), text, fill="black")
    draw.text((4, 3), text, fill="white")


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--prompts", nargs="*", default=PROMPTS)
    p.add_argument("--size", default="512x288")
    p.add_argument("--frames", type=int, default=33)
    p.add_argument("--steps", type=int, default=6)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--show", type=int, default=4, help="frames shown of each")
    p.add_argument("--columns", type=int, default=1, help="prompts side by side")
    p.add_argument("--scale", type=float, default=.5)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    pipe = LTXConditionPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    width, height = map(int, args.size.split("x"))
    w, h = int(width * args.scale), int(height * args.scale)
    rows = -(-len(args.prompts) // args.columns)
    sheet = Image.new("RGB", (w * args.show * args.columns, h * rows))
    began = time.time()
    for n, prompt in enumerate(args.prompts):
        video = pipe(prompt=prompt, width=width, height=height, num_frames=args.frames,
                     frame_rate=24, num_inference_steps=args.steps, guidance_scale=1.0,
                     generator=torch.Generator().manual_seed(args.seed),
                     output_type="np").frames[0]
        for k, f in enumerate(np.linspace(0, args.frames - 1, args.show).round().astype(int)):
            image = Image.fromarray((video[f] * 255).round().astype(np.uint8))
            image = image.resize((w, h), Image.LANCZOS) if args.scale != 1 else image
            if k == 0:
                label(image, prompt if prompt.isascii() else "zh: " + ascii(prompt)[:40])
            sheet.paste(image, (((n % args.columns) * args.show + k) * w, n // args.columns * h))
    sheet.save(args.out)
    print(f"{args.out}: {(time.time() - began) / len(args.prompts):.1f} s a prompt")


if __name__ == "__main__":
    main()
