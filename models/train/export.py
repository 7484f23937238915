"""Write the model as a diffusers folder in half precision, and check that diffusers reads it.

    python -m models.train.export --work DIR --out models/default
"""

import json
import shutil
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, LTXConditionPipeline

from . import codec, common, dit, rollout
from .text import Tokenizer

DEFAULTS = {"name": "t2v-default", "licence": "CC0-1.0", "width": 512, "height": 288, "rate": 24,
            "frames": 33, "steps": len(rollout.STEPS), "guidance": 1.0, "chunk": 33, "context": 1,
            "steady": .4}
INDEX = {
    "_class_name": "LTXConditionPipeline", "_diffusers_version": "0.32.0",
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "T5EncoderModel"],
    "tokenizer": ["transformers", "T5Tokenizer"],
    "transformer": ["diffusers", "LTXVideoTransformer3DModel"],
    "vae": ["diffusers", "AutoencoderKLLTXVideo"],
}
TOKENIZER = {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "additional_special_tokens": [],
             "model_max_length": 256, "pad_token": "<pad>", "eos_token": "</s>",
             "unk_token": "<unk>"}


def weights(work: Path, latest=False):
    """Running means (or the latest weights) where there are checkpoints, else the first ones."""
    basis = common.load(work / "basis.pt")
    vae = codec.build(basis)
    steps = {}
    for part in ("decoder", "encoder"):
        state = common.load(work / f"{part}.pt")
        if state:
            getattr(vae, part).load_state_dict(state["ema"])
            steps[part] = state["step"]
    net, text = dit.build(Tokenizer(work).sp.get_piece_size())
    state = common.newest(work, dit.CHECKPOINTS)
    if state:
        net.load_state_dict(state["dit"] if latest else state["ema"][0])
        text.load_state_dict(state["text"] if latest else state["ema"][1])
        steps["dit"] = state["step"]
    return vae, net, text, steps


def write(work: Path, out: Path, latest=False) -> None:
    vae, net, text, steps = weights(work, latest)
    print("trained steps:", steps, flush=True)
    shutil.rmtree(out, ignore_errors=True)
    vae.half().save_pretrained(out / "vae")
    net.half().save_pretrained(out / "transformer")
    text.half().save_pretrained(out / "text_encoder")
    (out / "tokenizer").mkdir()
    shutil.copyfile(work / "spiece.model", out / "tokenizer" / "spiece.model")
    texts = {"tokenizer/tokenizer_config.json": TOKENIZER, "model_index.json": INDEX,
             "t2v.json": DEFAULTS}
    for name, content in texts.items():
        (out / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    FlowMatchEulerDiscreteScheduler(shift=1.0).save_pretrained(out / "scheduler")
    for file in out.rglob("*.safetensors"):
        file.chmod(0o644)


def check(work: Path, out: Path) -> None:
    """The folder loads, and its tokenizer cuts captions as training did."""
    pipe = LTXConditionPipeline.from_pretrained(out, torch_dtype=torch.float32)
    ours = Tokenizer(work)
    for text in ("Slow BLUE waves, moving left", "缓慢的蓝色波浪，向左移动", "café ｆｉｒｅ…  red", ""):
        ids = pipe.tokenizer(text).input_ids
        want = ours.sp.encode(text) + [1]
        print("tokenizer", "agrees" if ids == want else f"differs: {ids} {want}", text)
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    print(f"{out}: {size / 1e6:.1f} MB")


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--latest", action="store_true", help="the DiT's weights, not their mean")
    args = p.parse_args()
    common.start(args)
    write(args.work, args.out, args.latest)
    check(args.work, args.out)


if __name__ == "__main__":
    main()
