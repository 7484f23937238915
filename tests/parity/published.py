# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoints as people download them: single files, GGUF, FP8.

`publish` writes a built diffusers folder in such a form, replaces the folder's weights by what the
form keeps of them, and returns what t2v is given. Where diffusers reads the form, it must load the
same weights from it.
"""

import json
import pathlib
import shutil

import gguf
import numpy
import torch
from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file, save_file

import blocks
from checkpoints import DYNAMIC_SHIFT, NO_SHIFT, dit, model, t5, vae_090, vae_091, vae_095
from reference import Request

# ---------------------------------------------------------------- the authors' names

DECODER_090 = ("up_blocks.0.", "up_blocks.1.upsamplers.0.", "up_blocks.1.", "up_blocks.2.conv_in.",
               "up_blocks.2.upsamplers.0.", "up_blocks.2.", "up_blocks.3.conv_in.",
               "up_blocks.3.upsamplers.0.", "up_blocks.3.")
DECODER_091 = ("up_blocks.0.upsamplers.0.", "up_blocks.0.", "up_blocks.1.upsamplers.0.",
               "up_blocks.1.", "up_blocks.2.upsamplers.0.", "up_blocks.2.")
ENCODER_090 = ("down_blocks.0.", "down_blocks.0.downsamplers.0.", "down_blocks.0.conv_out.",
               "down_blocks.1.", "down_blocks.1.downsamplers.0.", "down_blocks.1.conv_out.",
               "down_blocks.2.", "down_blocks.2.downsamplers.0.", "down_blocks.3.", "mid_block.")
ENCODER_095 = ("down_blocks.0.", "down_blocks.0.downsamplers.0.", "down_blocks.1.",
               "down_blocks.1.downsamplers.0.", "down_blocks.2.", "down_blocks.2.downsamplers.0.",
               "down_blocks.3.", "down_blocks.3.downsamplers.0.", "mid_block.")


def renamed_block(name, kind, places, first):
    """encoder.down_blocks.1.… to its place in the authors' flat list of blocks."""
    for place in sorted(places, key=len, reverse=True):
        if name.startswith(place):
            return f"{kind}.{places.index(place) + first}." + name[len(place):]
    return name


def original_vae(name, version):
    if name in ("latents_mean", "latents_std"):
        return f"per_channel_statistics.{name[8:].replace('mean', 'mean-of-means').replace('std', 'std-of-means')}"
    side, rest = name.split(".", 1)
    if side == "decoder":
        rest = rest.replace("mid_block.", "up_blocks.0.") if rest.startswith("mid_block.") else (
            renamed_block(rest, "up_blocks", DECODER_090 if version == "0.9.0" else DECODER_091, 1))
    else:
        rest = renamed_block(rest, "down_blocks",
                             ENCODER_095 if version == "0.9.5" else ENCODER_090, 0)
    if rest.startswith(("time_embedder", "scale_shift_table")):
        rest = "last_" + rest
    return f"{side}.{rest}".replace("conv_shortcut.conv.", "conv_shortcut.").replace(
        "resnets", "res_blocks").replace("norm3.", "norm3.norm.")


def original_transformer(name):
    for ours, theirs in (("proj_in", "patchify_proj"), ("time_embed", "adaln_single"),
                         ("norm_q", "q_norm"), ("norm_k", "k_norm")):
        name = name.replace(ours, theirs)
    return name


WAN = (("condition_embedder.time_embedder.linear_1.", "time_embedding.0."),
       ("condition_embedder.time_embedder.linear_2.", "time_embedding.2."),
       ("condition_embedder.text_embedder.linear_1.", "text_embedding.0."),
       ("condition_embedder.text_embedder.linear_2.", "text_embedding.2."),
       ("condition_embedder.time_proj.", "time_projection.1."),
       (".to_out.0.", ".o."), (".to_q.", ".q."), (".to_k.", ".k."), (".to_v.", ".v."),
       ("attn1.", "self_attn."), ("attn2.", "cross_attn."), ("ffn.net.0.proj.", "ffn.0."),
       ("ffn.net.2.", "ffn.2."), (".norm2.", ".norm3."), ("proj_out.", "head.head."))


def original_wan_transformer(name):
    if name.endswith("scale_shift_table"):
        return name.replace("scale_shift_table", "modulation" if "." in name else "head.modulation")
    for ours, theirs in WAN:
        name = name.replace(ours, theirs)
    return name


LLAMA = (("encoder.block.", "enc.blk."), ("encoder.final_layer_norm", "enc.output_norm"),
         ("shared.", "token_embd."), ("layer.0.SelfAttention.relative_attention_bias", "attn_rel_b"),
         ("layer.0.SelfAttention.", "attn_"), ("layer.0.layer_norm", "attn_norm"),
         ("layer.1.layer_norm", "ffn_norm"), ("layer.1.DenseReluDense.wi_0", "ffn_gate"),
         ("layer.1.DenseReluDense.wi_1", "ffn_up"), ("layer.1.DenseReluDense.wo", "ffn_down"))


def llama_t5(name):
    for ours, theirs in LLAMA:
        name = name.replace(ours, theirs)
    return name


# ---------------------------------------------------------------- weights in and out of folders

def read_component(folder):
    tensors = {}
    for path in folder.glob("*.safetensors"):
        tensors |= load_file(str(path))
    tensors.pop("encoder.embed_tokens.weight", None)
    return tensors


def replace_component(folder, tensors):
    """The folder's weights are now these, in one file of float32."""
    name = "model" if folder.name == "text_encoder" else "diffusion_pytorch_model"
    for path in [*folder.glob("*.safetensors"), *folder.glob("*.index.json")]:
        path.unlink()
    save_file({key: value.float().contiguous() for key, value in tensors.items()},
              str(folder / f"{name}.safetensors"), metadata={"format": "pt"})


# ---------------------------------------------------------------- forms

def write_single(folder, out, version):
    """Everything but the text encoder in one file, as Lightricks publish it."""
    config = json.loads((folder / "transformer" / "config.json").read_text())
    tensors = {"model.diffusion_model." + original_transformer(name): tensor
               for name, tensor in read_component(folder / "transformer").items()}
    tensors |= {"vae." + original_vae(name, version): tensor
                for name, tensor in read_component(folder / "vae").items()}
    path = out / f"ltx-video-{version}.safetensors"
    save_file(tensors, str(path), metadata={"config": json.dumps({"transformer": {
        "num_attention_heads": config["num_attention_heads"]}})})
    for name in ("text_encoder", "tokenizer"):
        shutil.copytree(folder / name, out / name)
    check_loads(path, folder)
    return path


def check_loads(path, folder):
    """What diffusers makes of the file must be what the folder holds."""
    for name, kind in (("transformer", LTXVideoTransformer3DModel),
                       ("vae", AutoencoderKLLTXVideo)):
        ours = kind.from_single_file(str(path), config=str(folder), subfolder=name).state_dict()
        theirs = read_component(folder / name)
        for key, tensor in theirs.items():
            assert torch.equal(ours[key].float(), tensor.float()), f"{path}: {key}"


class GGUF:
    """A GGUF file in the making; every large tensor gets the next type that its rows allow."""

    KINDS = [Type.Q4_K, Type.Q8_0, Type.Q6_K, Type.Q5_K, Type.Q3_K, Type.Q2_K, Type.IQ4_XS,
             Type.Q4_0, Type.Q5_1, Type.Q5_0, Type.Q4_1, Type.IQ4_NL]

    def __init__(self, path, architecture, seed):
        self.writer = gguf.GGUFWriter(path, architecture)
        self.rng = numpy.random.default_rng(seed)
        self.turn = 0

    def kind_for(self, shape):
        for _ in self.KINDS:
            self.turn += 1
            kind = self.KINDS[self.turn % len(self.KINDS)]
            if shape[-1] % gguf.GGML_QUANT_SIZES[kind][0] == 0:
                return kind
        return None

    def add(self, name, tensor):
        """Writes a tensor of like spread; the values that it has in the file."""
        kind = self.kind_for(tensor.shape) if tensor.ndim == 2 and "table" not in name and (
            "norm" not in name and "rel_b" not in name) else None
        if kind is None:
            self.writer.add_tensor(name, tensor.float().numpy())
            return tensor.float()
        data = blocks.random_blocks(kind, tuple(tensor.shape), float(tensor.float().std()),
                                    self.rng)
        self.writer.add_tensor(name, data, raw_dtype=kind)
        return blocks.values_of(kind, data)

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def write_gguf(folder, out, version):
    """Transformer and text encoder in GGUF, autoencoder apart, a manifest that names them."""
    for component, architecture, rename, file in (
            ("transformer", "ltxv", original_transformer, "dit.gguf"),
            ("text_encoder", "t5encoder", llama_t5, "encoder.gguf")):
        form = GGUF(str(out / file), architecture, 5)
        values = {name: form.add(rename(name), tensor)
                  for name, tensor in read_component(folder / component).items()}
        form.close()
        replace_component(folder / component, values)
    save_file({original_vae(name, version): tensor
               for name, tensor in read_component(folder / "vae").items()},
              str(out / "autoencoder.safetensors"))
    shutil.copy(folder / "tokenizer" / "spiece.model", out)
    manifest = out / "model.t2v.json"
    manifest.write_text(json.dumps({
        "name": "parts", "transformer": "dit.gguf", "vae": "autoencoder.safetensors",
        "text_encoder": "encoder.gguf", "tokenizer": "spiece.model"}))
    return manifest


def float8(tensors, rename, dtype, ending, per_row):
    """Large tensors as FP8 with their scales; the tensors of the file, and their values."""
    stored, values = {}, {}
    for name, tensor in tensors.items():
        tensor = tensor.float()
        place = rename(name)
        if tensor.ndim != 2 or not name.endswith(".weight"):
            stored[place], values[name] = tensor.bfloat16(), tensor.bfloat16().float()
            continue
        largest = tensor.abs().amax(1, keepdim=True) if per_row else tensor.abs().amax()
        scale = largest.clamp(min=1e-6) / torch.finfo(dtype).max
        stored[place] = (tensor / scale).to(dtype)
        stored[place.removesuffix("weight") + ending] = scale
        values[name] = stored[place].float() * scale
    return stored, values


def write_float8(folder, out, version):
    """Repackaged parts in folders as other programs want them, found without a manifest."""
    dit, values = float8(read_component(folder / "transformer"), original_transformer,
                         torch.float8_e4m3fn, "scale_weight", False)
    replace_component(folder / "transformer", values)
    text, values = float8(read_component(folder / "text_encoder"), str, torch.float8_e5m2,
                          "weight_scale", True)
    replace_component(folder / "text_encoder", values)
    proto = (folder / "tokenizer" / "spiece.model").read_bytes()
    text["spiece_model"] = torch.frombuffer(bytearray(proto), dtype=torch.uint8)
    for name in ("diffusion_models", "text_encoders", "vae"):
        (out / name).mkdir()
    save_file(dit | {"scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)},
              str(out / "diffusion_models" / "ltxv.safetensors"))
    save_file(text, str(out / "text_encoders" / "t5xxl_scaled.safetensors"))
    save_file(text, str(out / "text_encoders" / "umt5_other.safetensors"))
    save_file({original_vae(name, version): tensor
               for name, tensor in read_component(folder / "vae").items()},
              str(out / "vae" / "ltxv-vae.safetensors"))
    return out / "diffusion_models" / "ltxv.safetensors"


FORMS = {"single": write_single, "gguf": write_gguf, "float8": write_float8}


def publish(folder, spec, out):
    """Writes `folder` into the new folder `out` in the form of the spec; the path for t2v."""
    form, version = spec["published"]
    out = pathlib.Path(out)
    out.mkdir(parents=True)
    return FORMS[form](folder, out, version)


# ---------------------------------------------------------------- what is compared

# diffusers tells 0.9.5 and later by the width of the encoder's end; nothing else need be so wide.
VAE_095 = dict(block_out_channels=(8, 8, 8, 16, 2048), layers_per_block=(1, 1, 1, 1, 0))
WIDE = dict(t5=t5(256, 32, 8, 2, 512), dit=dit(32, 32, 8, 3))

MODELS = {
    "single-090": model("LTXPipeline", t5(32, 8, 6, 2, 64), dit(8, 4, 16, 2),
                        vae_090(8, (8, 16, 24, 24)), DYNAMIC_SHIFT),
    "single-091": model("LTXPipeline", t5(48, 8, 4, 2, 40), dit(16, 3, 20, 2),
                        vae_091(16, (16, 32, 64)), DYNAMIC_SHIFT, ("F32", "BF16", "F16")),
    "single-095": model("LTXConditionPipeline", t5(32, 8, 5, 2, 64), dit(8, 4, 16, 3),
                        vae_095(8, (16, 32, 64), **VAE_095), NO_SHIFT, ("F32", "BF16", "BF16")),
    "gguf": model("LTXConditionPipeline", **WIDE, vae=vae_095(32, (16, 32, 64)),
                  scheduler=NO_SHIFT),
    "float8": model("LTXPipeline", **WIDE, vae=vae_090(32, (8, 16, 24, 24)),
                    scheduler=DYNAMIC_SHIFT),
}

for _name, _published in (("single-090", ("single", "0.9.0")), ("single-091", ("single", "0.9.1")),
                          ("single-095", ("single", "0.9.5")), ("gguf", ("gguf", "0.9.5")),
                          ("float8", ("float8", "0.9.0"))):
    MODELS[_name]["published"] = _published

CASES = [
    ("lora-gguf", "gguf", Request("snow", loras=(("peft", 0.8), ("original", 0.3)))),
    ("lora-float8", "float8", Request("snow", loras=(("original", 0.8), ("differences", 0.3)))),
    ("single-090", "single-090", Request("blue waves 雪", "rain", guidance=3.0)),
    ("single-091", "single-091", Request("red fire", decode_timestep=0.05)),
    ("single-095", "single-095", Request("红色的火焰", "snow", frames=17, guidance=2.5, steps=3,
                                         decode_timestep=0.05)),
    ("gguf", "gguf", Request("a bouncing ball", "rain", frames=17, guidance=3.0, steps=3,
                             decode_timestep=0.05)),
    ("float8", "float8", Request("金色的粒子", "rain", width=96, guidance=3.0, steps=3)),
]
