# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoints as people download them: single files, GGUF, FP8.

`publish` writes a built diffusers folder in such a form, replaces the folder's weights by what the
form keeps of them, and returns what t2v is given. Where diffusers reads the form, it must load the
same weights from it.
"""

import inspect
import json
import pathlib
import shutil

import gguf
import numpy
import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    AutoencoderKLWan,
    LTXVideoTransformer3DModel,
    WanTransformer3DModel,
)
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file, save_file
from sentencepiece import sentencepiece_model_pb2

import blocks
from checkpoints import (
    DYNAMIC_SHIFT,
    NO_SHIFT,
    UNIPC,
    dit,
    model,
    t5,
    vae_090,
    vae_091,
    vae_095,
    vision,
    wan_dit,
    wan_vae,
)
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
                             ENCODER_090 if version in ("0.9.0", "0.9.1") else ENCODER_095, 0)
    if rest.startswith(("time_embedder", "scale_shift_table")):
        rest = "last_" + rest
    return f"{side}.{rest}".replace("conv_shortcut.conv.", "conv_shortcut.").replace(
        "resnets", "res_blocks").replace("norm3.", "norm3.norm.")


def replaced(name, table):
    for ours, theirs in table:
        name = name.replace(ours, theirs)
    return name


def original_transformer(name):
    return replaced(name, (("proj_in", "patchify_proj"), ("time_embed", "adaln_single"),
                           ("norm_q", "q_norm"), ("norm_k", "k_norm")))


WAN = (("condition_embedder.time_embedder.linear_1.", "time_embedding.0."),
       ("condition_embedder.time_embedder.linear_2.", "time_embedding.2."),
       ("condition_embedder.text_embedder.linear_1.", "text_embedding.0."),
       ("condition_embedder.text_embedder.linear_2.", "text_embedding.2."),
       ("condition_embedder.time_proj.", "time_projection.1."),
       (".to_out.0.", ".o."), (".to_q.", ".q."), (".to_k.", ".k."), (".to_v.", ".v."),
       ("attn1.", "self_attn."), ("attn2.", "cross_attn."), ("ffn.net.0.proj.", "ffn.0."),
       ("ffn.net.2.", "ffn.2."), (".norm2.", ".norm3."), ("proj_out.", "head.head."))


WAN_PICTURES = (("condition_embedder.image_embedder.norm1.", "img_emb.proj.0."),
                ("condition_embedder.image_embedder.ff.net.0.proj.", "img_emb.proj.1."),
                ("condition_embedder.image_embedder.ff.net.2.", "img_emb.proj.3."),
                ("condition_embedder.image_embedder.norm2.", "img_emb.proj.4."),
                ("condition_embedder.image_embedder.pos_embed", "img_emb.emb_pos"),
                ("attn2.add_k_proj.", "attn2.k_img."), ("attn2.add_v_proj.", "attn2.v_img."),
                ("attn2.norm_added_k.", "attn2.norm_k_img."))


def original_wan_transformer(name):
    name = replaced(name, WAN_PICTURES)
    if name.endswith("scale_shift_table"):
        return name.replace("scale_shift_table", "modulation" if "." in name else "head.modulation")
    return replaced(name, WAN)


WAN_RESNET = ((".norm1.", ".residual.0."), (".conv1.", ".residual.2."), (".norm2.", ".residual.3."),
              (".conv2.", ".residual.6."), (".conv_shortcut.", ".shortcut."))
WAN_VAE = (("post_quant_conv.", "conv2."), ("quant_conv.", "conv1."), ("conv_in.", "conv1."),
           ("mid_block.resnets.0.", "middle.0."), ("mid_block.attentions.0.", "middle.1."),
           ("mid_block.resnets.1.", "middle.2."), ("norm_out.", "head.0."), ("conv_out.", "head.2."))


def original_wan_vae(name, version):
    """2.1: the decoder's layers in one list, four to a block; 2.2: a list for each block."""
    if "resnets" in name or "down_blocks" in name:
        name = replaced(name, WAN_RESNET)
    name = replaced(name, WAN_VAE)
    if version == "2.2":
        for side, kind in (("encoder", "down"), ("decoder", "up")):
            last = 2 if kind == "down" else 3
            name = name.replace(f"{side}.{kind}_blocks.", f"{side}.{kind}samples.")
            if name.startswith(side):
                name = name.replace(".resnets.", f".{kind}samples.").replace(
                    f".{kind}sampler.", f".{kind}samples.{last}.")
        return name
    parts = name.replace("down_blocks", "downsamples").split(".")
    if parts[1] == "up_blocks":
        place = 4 * int(parts[2]) + (3 if parts[3] == "upsamplers" else int(parts[4]))
        parts = ["decoder", "upsamples", str(place), *parts[5:]]
    return ".".join(parts)


CLIP = (("embeddings.class_embedding", "cls_embedding"),
        ("embeddings.position_embedding.weight", "pos_embedding"),
        ("embeddings.patch_embedding.", "patch_embedding."), ("pre_layrnorm.", "pre_norm."),
        ("post_layernorm.", "post_norm."), ("encoder.layers.", "transformer."),
        (".layer_norm1.", ".norm1."), (".layer_norm2.", ".norm2."),
        (".self_attn.out_proj.", ".attn.proj."), (".mlp.fc1.", ".mlp.0."), (".mlp.fc2.", ".mlp.2."))


def original_clip(tensors):
    """The authors' names, under which query, key and value are one layer."""
    of = {name.removeprefix("vision_model."): tensor for name, tensor in tensors.items()}
    found = {}
    for name, tensor in of.items():
        if ".q_proj." in name:
            tensor = torch.cat([of[name.replace(".q_proj.", f".{letter}_proj.")]
                                for letter in "qkv"])
            name = name.replace(".self_attn.q_proj.", ".attn.to_qkv.")
        elif ".k_proj." in name or ".v_proj." in name:
            continue
        if name.startswith("embeddings.class"):
            tensor = tensor[None, None]
        elif name.startswith("embeddings.position"):
            tensor = tensor[None]
        found["visual." + replaced(name, CLIP)] = tensor.contiguous()
    return found


UMT5 = (("encoder.block.", "blocks."), ("encoder.final_layer_norm.", "norm."),
        ("shared.", "token_embedding."),
        ("layer.0.SelfAttention.relative_attention_bias.", "pos_embedding.embedding."),
        ("layer.0.SelfAttention.", "attn."), ("layer.0.layer_norm.", "norm1."),
        ("layer.1.layer_norm.", "norm2."), ("layer.1.DenseReluDense.wi_0.", "ffn.gate.0."),
        ("layer.1.DenseReluDense.wi_1.", "ffn.fc1."), ("layer.1.DenseReluDense.wo.", "ffn.fc2."))


def original_umt5(name):
    return replaced(name, UMT5)


LLAMA = (("encoder.block.", "enc.blk."), ("encoder.final_layer_norm", "enc.output_norm"),
         ("shared.", "token_embd."), ("layer.0.SelfAttention.relative_attention_bias", "attn_rel_b"),
         ("layer.0.SelfAttention.", "attn_"), ("layer.0.layer_norm", "attn_norm"),
         ("layer.1.layer_norm", "ffn_norm"), ("layer.1.DenseReluDense.wi_0", "ffn_gate"),
         ("layer.1.DenseReluDense.wi_1", "ffn_up"), ("layer.1.DenseReluDense.wo", "ffn_down"))


def llama_t5(name):
    return replaced(name, LLAMA)


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

# What the files of distilled models allow, from LTX-Video 0.9.7 on.
DISTILLED = (1.0, 0.9937, 0.9875, 0.9812, 0.975, 0.9094, 0.725, 0.4219)


def write_single(folder, out, version):
    """Everything but the text encoder in one file, as Lightricks publish it."""
    config = json.loads((folder / "transformer" / "config.json").read_text())
    tensors = {"model.diffusion_model." + original_transformer(name): tensor
               for name, tensor in read_component(folder / "transformer").items()}
    tensors |= {"vae." + original_vae(name, version): tensor
                for name, tensor in read_component(folder / "vae").items()}
    path = out / f"ltx-video-{version}.safetensors"
    notes = {"transformer": {"num_attention_heads": config["num_attention_heads"]}}
    if version == "0.9.8":
        notes["allowed_inference_steps"] = DISTILLED
    save_file(tensors, str(path), metadata={"config": json.dumps(notes)})
    for name in ("text_encoder", "tokenizer"):
        shutil.copytree(folder / name, out / name)
    check_loads(path, folder)
    return path


def check_loads(path, folder):
    """What diffusers makes of the file must be what the folder holds."""
    check_loads_as(LTXVideoTransformer3DModel, path, folder, "transformer")
    check_loads_as(AutoencoderKLLTXVideo, path, folder, "vae")


def write_renamed(folder, path, rename):
    """A component's folder as one file."""
    save_file({rename(name): tensor for name, tensor in read_component(folder).items()}, str(path))


def check_loads_as(kind, path, folder, name):
    ours = kind.from_single_file(str(path), config=str(folder), subfolder=name).state_dict()
    for key, tensor in read_component(folder / name).items():
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
        if tensor.ndim > 4:  # more dimensions than ggml has; the published files of Wan hold such
            self.writer.add_tensor(name, tensor.float().numpy())
            return tensor.float()
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


def quantise(folder, path, architecture, rename, tokenizer=None):
    """A component's folder as GGUF, maybe with a tokenizer; the folder gets the values in it."""
    form = GGUF(str(path), architecture, 5)
    values = {name: form.add(rename(name), tensor)
              for name, tensor in read_component(folder).items()}
    if tokenizer:
        add_tokenizer(form.writer, tokenizer, 112)
    form.close()
    replace_component(folder, values)


def ltx_vae_file(folder, path, version):
    write_renamed(folder / "vae", path, lambda name: original_vae(name, version))


def write_gguf(folder, out, architecture, rename, inside=None, **beside):
    """Transformer and text encoder in GGUF, named by a manifest with what lies beside them.

    inside: a tokenizer that the text encoder's metadata get."""
    quantise(folder / "transformer", out / "dit.gguf", architecture, rename)
    quantise(folder / "text_encoder", out / "encoder.gguf", "t5encoder", llama_t5, inside)
    return write_manifest(out, transformer="dit.gguf", text_encoder="encoder.gguf", **beside)


def write_ltx_gguf(folder, out, version):
    ltx_vae_file(folder, out / "autoencoder.safetensors", version)
    shutil.copy(folder / "tokenizer" / "spiece.model", out)
    return write_gguf(folder, out, "ltxv", original_transformer, vae="autoencoder.safetensors",
                      tokenizer="spiece.model")


def add_spiece_model(folder, tensors):
    """The tokenizer as repackaged text encoders carry it."""
    proto = (folder / "tokenizer" / "spiece.model").read_bytes()
    tensors["spiece_model"] = torch.frombuffer(bytearray(proto), dtype=torch.uint8)


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
    add_spiece_model(folder, text)
    for name in ("diffusion_models", "text_encoders", "vae"):
        (out / name).mkdir()
    save_file(dit | {"scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)},
              str(out / "diffusion_models" / "ltxv.safetensors"))
    save_file(text, str(out / "text_encoders" / "t5xxl_scaled.safetensors"))
    save_file(text, str(out / "text_encoders" / "umt5_other.safetensors"))
    ltx_vae_file(folder, out / "vae" / "ltxv-vae.safetensors", version)
    return out / "diffusion_models" / "ltxv.safetensors"


def wan_vae_file(folder, path, version):
    write_renamed(folder / "vae", path, lambda name: original_wan_vae(name, version))
    if version == "2.1":  # diffusers reads no other
        check_loads_as(AutoencoderKLWan, path, folder, "vae")


def write_wan_float8(folder, out, version):
    """Repackaged parts in folders as other programs want them, found without a manifest."""
    for name in ("diffusion_models", "text_encoders", "vae"):
        (out / name).mkdir()
    dit = out / "diffusion_models" / "wan2.1_t2v.safetensors"
    tensors = read_component(folder / "transformer")
    save_file({"model.diffusion_model." + original_wan_transformer(name): tensor
               for name, tensor in tensors.items()}, str(dit))
    check_loads_as(WanTransformer3DModel, dit, folder, "transformer")
    text, values = float8(read_component(folder / "text_encoder"), str, torch.float8_e4m3fn,
                          "scale_weight", False)
    replace_component(folder / "text_encoder", values)
    add_spiece_model(folder, text)
    text["scaled_fp8"] = torch.zeros(2, dtype=torch.float8_e4m3fn)
    save_file(text, str(out / "text_encoders" / "umt5_xxl_fp8_e4m3fn_scaled.safetensors"))
    wan_vae_file(folder, out / "vae" / "wan_2.1_vae.safetensors", version)
    return dit


def add_tokenizer(writer, path, more):
    """The tokenizer as llama.cpp's converter writes it, filled up with sentinels and padding."""
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(path.read_bytes())
    pieces = [(piece.piece, piece.score, piece.type) for piece in proto.pieces]
    pieces += [(f"<extra_id_{99 - i}>", -1000.0, 4) for i in range(100)]
    pieces += [(f"[PAD{len(pieces) + i}]", -10000.0, 5) for i in range(more - 100)]
    writer.add_tokenizer_model("t5")
    writer.add_token_list([piece[0].encode() for piece in pieces])
    writer.add_token_scores([piece[1] for piece in pieces])
    writer.add_token_types([piece[2] for piece in pieces])
    writer.add_precompiled_charsmap(proto.normalizer_spec.precompiled_charsmap)


def write_wan_gguf(folder, out, version):
    """The tokenizer in the text encoder's metadata, the shift of another scheduler than usual."""
    wan_vae_file(folder, out / "vae.safetensors", version)
    return write_gguf(folder, out, "wan", original_wan_transformer,
                      folder / "tokenizer" / "spiece.model", vae="vae.safetensors", flow_shift=7.5)


def wan_expert_files(folder, out, version, first, second):
    """Two transformers, one under each kind of names, and the authors' text encoder."""
    write_renamed(folder / "transformer", out / first, original_wan_transformer)
    write_renamed(folder / "transformer_2", out / second, str)
    write_renamed(folder / "text_encoder", out / "umt5-xxl.safetensors", original_umt5)
    wan_vae_file(folder, out / "wan_vae.safetensors", version)
    shutil.copytree(folder / "tokenizer", out / "tokenizer")


def write_wan_experts(folder, out, version):
    wan_expert_files(folder, out, version, "first.safetensors", "second.safetensors")
    return write_manifest(out, transformer="first.safetensors", transformer_2="second.safetensors")


def write_wan_noise(folder, out, version):
    """Transformers that find each other by their published names."""
    first = "wan2.2_i2v_high_noise_14B.safetensors"
    wan_expert_files(folder, out, version, first, "wan2.2_i2v_low_noise_14B.safetensors")
    return out / first


def write_wan_ti2v(folder, out, version):
    """2.2's own autoencoder; all found beside the transformer."""
    write_renamed(folder / "transformer", out / "wan2.2_ti2v.safetensors",
                  original_wan_transformer)
    wan_vae_file(folder, out / "wan2.2_vae.safetensors", version)
    for name in ("text_encoder", "tokenizer"):
        shutil.copytree(folder / name, out / name)
    return out / "wan2.2_ti2v.safetensors"


def write_wan_parts(folder, out, version):
    """The transformer's folder within a whole model, with another file for the autoencoder."""
    shutil.copytree(folder, out / "whole")
    shutil.rmtree(out / "whole" / "vae")
    wan_vae_file(folder, out / "vae.safetensors", version)
    return write_manifest(out, transformer="whole/transformer", vae="vae.safetensors")


def write_wan_i2v(folder, out, version):
    """As other programs want it, the vision encoder among others, by the names of transformers."""
    for name in ("diffusion_models", "text_encoders", "vae", "clip_vision"):
        (out / name).mkdir()
    dit = out / "diffusion_models" / "wan2.1_i2v_480p_14B.safetensors"
    write_renamed(folder / "transformer", dit, original_wan_transformer)
    check_loads_as(WanTransformer3DModel, dit, folder, "transformer")
    text = read_component(folder / "text_encoder")
    add_spiece_model(folder, text)
    save_file(text, str(out / "text_encoders" / "umt5_xxl.safetensors"))
    save_file({"vision_model." + name.removeprefix("vision_model."): tensor
               for name, tensor in read_component(folder / "image_encoder").items()}
              | {"visual_projection.weight": torch.zeros(4, 80)},
              str(out / "clip_vision" / "clip_vision_h.safetensors"))
    wan_vae_file(folder, out / "vae" / "wan_2.1_vae.safetensors", version)
    return dit


def write_wan_flf2v(folder, out, version):
    """The transformer in GGUF, the vision encoder by the authors' names, named by a manifest."""
    quantise(folder / "transformer", out / "dit.gguf", "wan", original_wan_transformer)
    save_file(original_clip(read_component(folder / "image_encoder")),
              str(out / "vision.safetensors"))
    wan_vae_file(folder, out / "vae.safetensors", version)
    for name in ("text_encoder", "tokenizer"):
        shutil.copytree(folder / name, out / name)
    return write_manifest(out, transformer="dit.gguf", vae="vae.safetensors",
                          image_encoder="vision.safetensors")


def write_manifest(out, **parts):
    manifest = out / "model.t2v.json"
    manifest.write_text(json.dumps({"name": "parts", **parts}))
    return manifest


FORMS = {"single": write_single, "gguf": write_ltx_gguf, "float8": write_float8,
         "wan-float8": write_wan_float8, "wan-gguf": write_wan_gguf,
         "wan-experts": write_wan_experts, "wan-noise": write_wan_noise, "wan-ti2v": write_wan_ti2v,
         "wan-parts": write_wan_parts,
         "wan-i2v": write_wan_i2v, "wan-flf2v": write_wan_flf2v}


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
    "single-098": model("LTXConditionPipeline", t5(32, 8, 4, 1, 64), dit(8, 2, 16, 2),
                        vae_095(8, (16, 32, 64), **VAE_095), NO_SHIFT),
    "gguf": model("LTXConditionPipeline", **WIDE, vae=vae_095(32, (16, 32, 64)),
                  scheduler=NO_SHIFT),
    "float8": model("LTXPipeline", **WIDE, vae=vae_090(32, (8, 16, 24, 24)),
                    scheduler=DYNAMIC_SHIFT),
}

# Wan's heads are 128 wide and the statistics of its latents constants, so single files name neither.
_STATISTICS = inspect.signature(AutoencoderKLWan.__init__).parameters
WAN_21 = dict(latents_mean=_STATISTICS["latents_mean"].default,
              latents_std=_STATISTICS["latents_std"].default, num_res_blocks=2)
MEAN_22 = [-0.2289, -0.0052, -0.1323, -0.2339, -0.2799, 0.0174, 0.1838, 0.1557, -0.1382, 0.0542,
           0.2813, 0.0891, 0.1570, -0.0098, 0.0375, -0.1825, -0.2246, -0.1207, -0.0698, 0.5109,
           0.2665, -0.2108, -0.2158, 0.2502, -0.2055, -0.0322, 0.1109, 0.1567, -0.0729, 0.0899,
           -0.2799, -0.1230, -0.0313, -0.1649, 0.0117, 0.0723, -0.2839, -0.2083, -0.0520, 0.3748,
           0.0152, 0.1957, 0.1433, -0.2944, 0.3573, -0.0548, -0.1681, -0.0667]
STD_22 = [0.4765, 1.0364, 0.4514, 1.1677, 0.5313, 0.4990, 0.4818, 0.5013, 0.8158, 1.0344, 0.5894,
          1.0901, 0.6885, 0.6165, 0.8454, 0.4978, 0.5759, 0.3523, 0.7135, 0.6804, 0.5833, 1.4146,
          0.8986, 0.5659, 0.7069, 0.5338, 0.4889, 0.4917, 0.4069, 0.4999, 0.6866, 0.4093, 0.5709,
          0.6065, 0.6415, 0.4944, 0.5726, 1.2042, 0.5458, 1.6887, 0.3971, 1.0600, 0.3943, 0.5537,
          0.5444, 0.4089, 0.7468, 0.7744]
WAN_22 = dict(num_res_blocks=2, decoder_base_dim=6, is_residual=True, in_channels=12, out_channels=12,
              patch_size=2, scale_factor_spatial=16, latents_mean=MEAN_22, latents_std=STD_22)

MODELS |= {
    "wan-float8": model("WanPipeline", t5(256, 32, 8, 2, 512), wan_dit(16, 2, 128, 2, 300),
                        wan_vae(16, 8, **WAN_21), UNIPC, umt5_pieces=True),
    "wan-gguf": model("WanPipeline", t5(256, 32, 8, 2, 512), wan_dit(16, 2, 128, 2, 512),
                      wan_vae(16, 8, **WAN_21), UNIPC | dict(flow_shift=7.5), umt5_pieces=True),
    "wan-experts": model("WanPipeline", t5(32, 8, 4, 2, 64), wan_dit(16, 1, 128, 2, 40),
                         wan_vae(16, 8, **WAN_21), UNIPC, umt5_pieces=True, expert=True,
                         index=dict(boundary_ratio=0.875)),
    "wan-ti2v": model("WanPipeline", t5(32, 8, 4, 2, 64), wan_dit(48, 1, 128, 2, 40),
                      wan_vae(48, 4, **WAN_22),
                      UNIPC | dict(flow_shift=5.0), umt5_pieces=True,
                      index=dict(expand_timesteps=True)),
    "wan-parts": model("WanPipeline", t5(32, 8, 4, 2, 64), wan_dit(48, 1, 128, 2, 40),
                       wan_vae(48, 4, **WAN_22),
                       UNIPC | dict(flow_shift=3.5), umt5_pieces=True,
                       index=dict(expand_timesteps=True)),
    "wan-file-i2v": model(
        "WanImageToVideoPipeline", t5(32, 8, 4, 2, 64),
        wan_dit(16, 1, 128, 2, 40, image_dim=160, added_kv_proj_dim=128) | dict(in_channels=36),
        wan_vae(16, 8, **WAN_21), UNIPC, umt5_pieces=True,
        vision=vision(160, 96, 3, 2, 28, 7, hidden_act="gelu")),
    "wan-file-flf2v": model(
        "WanImageToVideoPipeline", t5(24, 8, 3, 1, 40),
        wan_dit(16, 2, 128, 2, 256, image_dim=80, added_kv_proj_dim=256, pos_embed_seq_len=34)
        | dict(in_channels=36),
        wan_vae(16, 8, **WAN_21), UNIPC | dict(flow_shift=16.0), umt5_pieces=True,
        vision=vision(80, 60, 3, 1, 28, 7, hidden_act="gelu")),
    "wan-file-a14b-pictures": model(
        "WanImageToVideoPipeline", t5(32, 8, 4, 2, 64),
        wan_dit(16, 1, 128, 2, 40) | dict(in_channels=36), wan_vae(16, 8, **WAN_21), UNIPC,
        umt5_pieces=True, expert=True,
        index=dict(boundary_ratio=0.9, image_encoder=[None, None], image_processor=[None, None])),
}

for _name, _published in (("single-090", ("single", "0.9.0")), ("single-091", ("single", "0.9.1")),
                          ("single-095", ("single", "0.9.5")), ("single-098", ("single", "0.9.8")), ("gguf", ("gguf", "0.9.5")),
                          ("float8", ("float8", "0.9.0")),
                          ("wan-float8", ("wan-float8", "2.1")), ("wan-gguf", ("wan-gguf", "2.1")),
                          ("wan-experts", ("wan-experts", "2.1")), ("wan-ti2v", ("wan-ti2v", "2.2")),
                          ("wan-parts", ("wan-parts", "2.2")),
                          ("wan-file-i2v", ("wan-i2v", "2.1")),
                          ("wan-file-flf2v", ("wan-flf2v", "2.1")),
                          ("wan-file-a14b-pictures", ("wan-noise", "2.1"))):
    MODELS[_name]["published"] = _published

CASES = [
    ("lora-gguf", "gguf", Request("snow", loras=(("peft", 0.8), ("original", 0.3)))),
    ("lora-float8", "float8", Request("snow", loras=(("original", 0.8), ("differences", 0.3)))),
    ("single-090", "single-090", Request("blue waves 雪", "rain", guidance=3.0)),
    ("single-091", "single-091", Request("red fire", decode_timestep=0.05)),
    ("single-095", "single-095", Request("红色的火焰", "snow", frames=17, guidance=2.5, steps=3,
                                         decode_timestep=0.05)),
    ("single-098", "single-098", Request("红色的火焰", sigmas=DISTILLED, unsaid=True)),
    ("gguf", "gguf", Request("a bouncing ball", "rain", frames=17, guidance=3.0, steps=3,
                             decode_timestep=0.05)),
    ("wan-file-float8", "wan-float8", Request("snow 雪", "fire", guidance=5.0, steps=3)),
    ("wan-file-gguf", "wan-gguf", Request("a bouncing ball", "rain", guidance=5.0, steps=3)),
    ("wan-file-experts", "wan-experts", Request("snow", steps=6)),
    ("wan-file-ti2v", "wan-ti2v", Request("snow", frames=13, steps=3)),
    ("wan-file-ti2v-image", "wan-ti2v", Request("snow", image=(64, 64), steps=2)),
    ("wan-parts", "wan-parts", Request("snow 雪", image=(64, 64), steps=3)),
    ("wan-file-i2v", "wan-file-i2v", Request("a ship", "rain", image=(64, 64), guidance=5.0)),
    ("wan-file-flf2v", "wan-file-flf2v", Request("a ship", image=(64, 64), last_image=(80, 64),
                                                 frames=13, steps=3)),
    ("wan-file-a14b-image", "wan-file-a14b-pictures", Request("a ship", image=(64, 64), steps=10)),
    ("float8", "float8", Request("金色的粒子", "rain", width=96, guidance=3.0, steps=3)),
]
