# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be wrong with a checkpoint.

Each entry of DAMAGES alters a copy of a good checkpoint and says which words the failure has to
name: the file and, where it applies, the tensor or the key. HARMLESS lists changes that a checkpoint
survives, so that strictness does not go too far; EITHER those that only must not crash.
"""

import dataclasses
import json
import os
import re
import shutil
import struct

from checkpoint_files import DROP, SafeTensors, change_json

INDEX = "model_index.json"
DIT = "transformer/diffusion_pytorch_model.safetensors"
DIT_CONFIG = "transformer/config.json"
VAE = "vae/diffusion_pytorch_model.safetensors"
VAE_CONFIG = "vae/config.json"
T5 = "text_encoder/model.safetensors"
T5_CONFIG = "text_encoder/config.json"
VISION = "image_encoder/model.safetensors"
VISION_CONFIG = "image_encoder/config.json"
PICTURES = "image_processor/preprocessor_config.json"
SCHEDULER = "scheduler/scheduler_config.json"
SPIECE = "tokenizer/spiece.model"
SHARD_INDEX = "transformer/diffusion_pytorch_model.safetensors.index.json"
QUERY = "transformer_blocks.0.attn1.to_q.weight"
VECTOR = "transformer_blocks.1.attn2.norm_k.weight"

GIVEN = "given.safetensors"
DAMAGES, HARMLESS, EITHER = [], [], []


@dataclasses.dataclass
class Damage:
    """
    `alter` changes a copy of the golden checkpoint `base` in place. `given` is a golden file,
    of which a copy GIVEN lies in the checkpoint's folder.
    """

    name: str
    alter: object
    words: tuple
    base: str = "causal"
    given: str = ""
    options: tuple = ()  # more for the command; "@" begins what is a file in the folder


def add(name, alter, *words, base="causal", to=DAMAGES, given="", options=()):
    while any(damage.name == name for damage in to):
        name += "-again"
    to.append(Damage(name, alter, words, base, given, options))


# ---------------------------------------------------------------- ways to alter a checkpoint

def content(file, data):
    return lambda folder: (folder / file).write_bytes(data)


def cut(file, keep):
    """Keeps the first `keep` bytes, or all but the last -keep."""
    def alter(folder):
        (folder / file).write_bytes((folder / file).read_bytes()[:keep])
    return alter


def append(file, data):
    def alter(folder):
        with open(folder / file, "ab") as stream:
            stream.write(data)
    return alter


def remove(file):
    def alter(folder):
        path = folder / file
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return alter


def replace_by(file, make):
    def alter(folder):
        remove(file)(folder)
        make(folder / file)
    return alter


def settings(file, **changes):
    return lambda folder: change_json(folder / file, **changes)


def header(file, edit):
    """`edit` changes the dict of a safetensors header."""
    def alter(folder):
        tensors = SafeTensors(folder / file)
        edit(tensors.header)
        tensors.save()
    return alter


def entry(file, tensor, **changes):
    return header(file, lambda head: head[tensor].update(changes))


def raw_header(file, edit):
    """`edit` turns the header's JSON text into the bytes that are written instead."""
    def alter(folder):
        tensors = SafeTensors(folder / file)
        tensors.save(header=edit(json.dumps(tensors.header).encode()))
    return alter


def header_length(file, length):
    return lambda folder: SafeTensors(folder / file).save(length=length)


def tensors(file, edit):
    """`edit` changes {name: (dtype, shape, bytes)}; the file stays well formed."""
    def alter(folder):
        store = SafeTensors(folder / file)
        contents = store.tensors()
        edit(contents)
        store.rebuild(contents)
        store.save()
    return alter


def reshape(file, tensor, shape):
    def edit(contents):
        dtype, old, data = contents[tensor]
        contents[tensor] = (dtype, shape(old), data)
    return tensors(file, edit)


def retype(file, tensor, dtype, width):
    def edit(contents):
        _, shape, data = contents[tensor]
        contents[tensor] = (dtype, shape, bytes(len(data) // 2 * width))
    return tensors(file, edit)


def rename(file, old, new):
    return tensors(file, lambda contents: contents.update({new: contents.pop(old)}))


def shard_of(folder, tensor):
    weight_map = json.loads((folder / SHARD_INDEX).read_text())["weight_map"]
    return folder / "transformer" / weight_map[tensor]


def weight_map(edit):
    def alter(folder):
        index = json.loads((folder / SHARD_INDEX).read_text())
        edit(index["weight_map"])
        (folder / SHARD_INDEX).write_text(json.dumps(index))
    return alter


# ---------------------------------------------------------------- safetensors

add("weights-empty", content(VAE, b""), VAE)
add("weights-of-7-bytes", cut(VAE, 7), VAE)
add("weights-of-8-bytes", cut(VAE, 8), VAE)
add("weights-text", content(VAE, b"version https://git-lfs.github.com/spec/v1\nsize 9\n"), VAE)
add("weights-zeros", content(VAE, bytes(4096)), VAE)
add("header-length-0", header_length(DIT, 0), DIT)
add("header-length-short", header_length(DIT, 100), DIT)
add("header-length-beyond-file", header_length(DIT, 1 << 20), DIT)
add("header-length-2^40", header_length(DIT, 1 << 40), DIT)
add("header-length-2^63", header_length(DIT, 1 << 63), DIT)
add("header-length-largest", header_length(DIT, (1 << 64) - 1), DIT)
add("header-cut", cut(DIT, 500), DIT)
add("data-cut-by-1-byte", cut(DIT, -1), DIT)
add("data-cut-by-half", cut(VAE, 100000), VAE)
add("data-followed-by-1-byte", append(T5, b"\0"), T5)
add("data-followed-by-much", append(VAE, bytes(5000)), VAE)
add("header-not-json", raw_header(DIT, lambda text: b"x" * len(text)), DIT)
add("header-list", raw_header(DIT, lambda text: b"[" + text + b"]"), DIT)
add("header-unfinished", raw_header(DIT, lambda text: text[:-1] + b" "), DIT)
add("header-two-objects", raw_header(DIT, lambda text: text + b"{}"), DIT)
add("header-not-utf-8", raw_header(DIT, lambda text: text.replace(b"proj_in", b"\xff\xfe\xc3()")),
    DIT)
add("header-nul", raw_header(DIT, lambda text: text[:50] + b"\0" + text[51:]), DIT)
add("header-nested-deeply", raw_header(DIT, lambda text: b'{"a":' * 100000 + b"1" + b"}" * 100000),
    DIT)
add("header-lists-nested-deeply", raw_header(
    DIT, lambda text: b'{"a":' + b"[" * 200000 + b"]" * 200000 + b"}"), DIT)
add("tensor-listed-twice", raw_header(
    DIT, lambda text: text[:-1] + b', "proj_in.bias": {"dtype": "F16", "shape": [28], '
    b'"data_offsets": [0, 56]}}'), DIT, "proj_in.bias")
add("tensor-is-a-number", header(DIT, lambda head: head.update({QUERY: 5})), DIT, QUERY)
add("tensor-is-null", header(DIT, lambda head: head.update({QUERY: None})), DIT, QUERY)
add("tensor-is-nested", header(DIT, lambda head: head.update({QUERY: {"x": head[QUERY]}})), DIT,
    QUERY)
add("metadata-is-a-list", header(DIT, lambda head: head.update(__metadata__=["pt"])), DIT)
add("metadata-is-nested", header(DIT, lambda head: head.update(__metadata__={"a": {"b": "c"}})),
    DIT)
for name, value in (("missing", None), ("number", 16), ("unknown", "F99"), ("lower-case", "f16"),
                    ("null", [])):
    add(f"type-{name}", header(DIT, lambda head, value=value: head[QUERY].update(dtype=value)
                               if value is not None else head[QUERY].pop("dtype")), DIT, QUERY)
add("type-wider-than-data", entry(DIT, QUERY, dtype="F32"), DIT, QUERY)
add("type-of-integers", retype(DIT, QUERY, "I64", 8), DIT, QUERY)
add("type-of-booleans", retype(DIT, QUERY, "BOOL", 1), DIT, QUERY)
for name, shape in (("negative", [-28, -28]), ("too-large", [28, 29]), ("too-small", [28, 27]),
                    ("2^32-squared", [1 << 32, 1 << 32]), ("2^63", [1 << 63, 2]),
                    ("2^64", [1 << 64]), ("fraction", [28.5, 28]), ("text", ["28", "28"]),
                    ("nested", [[28, 28]]), ("number", 784), ("null", None), ("zero", [0, 28])):
    add(f"shape-{name}", entry(DIT, QUERY, shape=shape), DIT, QUERY)
add("shape-missing", header(DIT, lambda head: head[QUERY].pop("shape")), DIT, QUERY)
for name, change in (
        ("reversed", lambda begin, end: [end, begin]), ("negative", lambda begin, end: [-2, end]),
        ("beyond-file", lambda begin, end: [begin + (1 << 30), end + (1 << 30)]),
        ("2^63", lambda begin, end: [(1 << 63) - 2, (1 << 63) + 1566]),
        ("one", lambda begin, end: [begin]), ("three", lambda begin, end: [begin, end, end]),
        ("fraction", lambda begin, end: [begin + 0.5, end + 0.5]),
        ("text", lambda begin, end: [str(begin), str(end)]),
        ("overlapping", lambda begin, end: [begin - 2, end - 2]),
        ("null", lambda begin, end: None)):
    add(f"offsets-{name}", header(DIT, lambda head, change=change: head[QUERY].update(
        data_offsets=change(*head[QUERY]["data_offsets"]))), DIT)
add("offsets-missing", header(DIT, lambda head: head[QUERY].pop("data_offsets")), DIT, QUERY)


def with_hole(folder):
    store = SafeTensors(folder / DIT)
    last = max(i["data_offsets"][1] for n, i in store.header.items() if n != "__metadata__")
    for name, info in store.header.items():
        if name != "__metadata__" and info["data_offsets"][1] == last:
            info["data_offsets"] = [offset + 64 for offset in info["data_offsets"]]
    store.save(data=store.data + bytes(64))


add("data-with-a-hole", with_hole, DIT)

# ---------------------------------------------------------------- tensors of a good file
add("tensor-missing-transformer", rename(DIT, QUERY, "other"), DIT, QUERY)
add("tensor-missing-vector", rename(DIT, VECTOR, "other"), DIT, VECTOR)
add("tensor-missing-time", rename(DIT, "time_embed.linear.weight", "other"), DIT,
    "time_embed.linear.weight")
add("tensor-missing-decoder", rename(VAE, "decoder.up_blocks.1.resnets.0.conv2.conv.weight",
                                     "other"), VAE, "decoder.up_blocks.1.resnets.0.conv2.conv.weight")
add("tensor-missing-statistics", rename(VAE, "latents_std", "other"), VAE, "latents_std")
add("tensor-missing-embedding", rename(T5, "shared.weight", "other"), T5, "shared.weight")
add("tensor-missing-text-norm", rename(T5, "encoder.final_layer_norm.weight", "other"), T5,
    "encoder.final_layer_norm.weight")
add("tensor-missing-bias-table", rename(
    T5, "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", "other"), T5,
    "relative_attention_bias.weight")
add("tensor-extra-dimension", reshape(DIT, QUERY, lambda shape: shape + [1]), DIT, QUERY)
add("tensor-flat", reshape(DIT, QUERY, lambda shape: [shape[0] * shape[1]]), DIT, QUERY)
add("tensor-of-rank-9", reshape(DIT, QUERY, lambda shape: [1] * 7 + shape), DIT, QUERY)
add("tensor-transposed", reshape(DIT, "transformer_blocks.0.ff.net.0.proj.weight",
                                 lambda shape: shape[::-1]), DIT, "ff.net.0.proj.weight")
add("tensor-of-another-width", reshape(DIT, "scale_shift_table", lambda shape: [4, shape[1] // 2]),
    DIT, "scale_shift_table")
add("convolution-permuted", reshape(VAE, "decoder.conv_in.conv.weight",
                                    lambda s: [s[1], s[0], *s[2:]]), VAE,
    "decoder.conv_in.conv.weight")
add("convolution-flat", reshape(VAE, "decoder.conv_out.conv.weight",
                                lambda s: [s[0], s[1], s[2] * s[3] * s[4]]), VAE,
    "decoder.conv_out.conv.weight")
add("statistics-of-another-length", tensors(VAE, lambda c: c.update(
    latents_mean=("F16", [7], bytes(14)))), VAE, "latents_mean")
add("statistics-scalar", tensors(VAE, lambda c: c.update(latents_mean=("F16", [], bytes(2)))), VAE,
    "latents_mean")
add("encoder-convolution-flat", reshape(VAE, "encoder.conv_in.conv.weight",
                                        lambda s: [s[0], s[1], s[2] * s[3] * s[4]]), VAE,
    "encoder.conv_in.conv.weight")
add("encoder-bias-of-another-length", tensors(VAE, lambda c: c.update(
    {"encoder.mid_block.resnets.0.conv2.conv.bias": ("F16", [5], bytes(10))})), VAE,
    "encoder.mid_block.resnets.0.conv2.conv.bias")
add("tensor-empty", tensors(DIT, lambda c: c.update({"proj_out.bias": ("F16", [0], b"")})), DIT,
    "proj_out.bias")

# ---------------------------------------------------------------- JSON as such
for file in (INDEX, DIT_CONFIG, VAE_CONFIG, T5_CONFIG, SCHEDULER):
    name = file.split("/")[0].removesuffix(".json")
    add(f"config-empty-{name}", content(file, b""), file)
    add(f"config-cut-{name}", cut(file, -5), file)
for name, text in (("list", b"[]"), ("text", b'"text"'), ("null", b"null"),
                   ("nested", b"[" * 100000), ("not-utf-8", b'{"a": "\xff\xfe"}'),
                   ("comma", b'{"num_layers": 2,}'), ("garbage", bytes(range(256)))):
    add(f"config-is-{name}", content(DIT_CONFIG, text), DIT_CONFIG)
add("config-objects-nested", content(VAE_CONFIG, b'{"a":' * 50000 + b"1" + b"}" * 50000),
    VAE_CONFIG)


# ---------------------------------------------------------------- values in configurations
def values(file, key, *wild, words=None, base="causal"):
    """Wild values of one key. The message names the file and the key unless `words` says more."""
    for value in wild:
        text = "missing" if value is DROP else json.dumps(value)
        name = re.sub(r"[^A-Za-z0-9.+-]+", "_", f"{file.split('/')[0]}-{key}-{text}").strip("_")
        name = name if base == "causal" else f"{base}-{name}"
        add(name, settings(file, **{key: value}), *(words or (file, key)), base=base)


values(DIT_CONFIG, "num_attention_heads", 0, -2, "2", 2.5, 1 << 40, 1e30, [2], {}, True)
values(DIT_CONFIG, "num_attention_heads", 1 << 70, words=(DIT_CONFIG,))
values(DIT_CONFIG, "attention_head_dim", 0, -14, "14", 1 << 62)
values(DIT_CONFIG, "attention_head_dim", 15, 13, words=("transformer/",))
values(DIT_CONFIG, "num_layers", -1, "2", 2.5, 1 << 40, {"a": 2})
values(DIT_CONFIG, "num_layers", 3, 1000, DROP, words=(DIT, "transformer_blocks.2"))
values(DIT_CONFIG, "in_channels", 0, "8")
values(DIT_CONFIG, "in_channels", 9, words=("transformer/",))
values(DIT_CONFIG, "out_channels", 9, words=("transformer/",))
values(DIT_CONFIG, "cross_attention_dim", 30, 0, words=("transformer/",))
values(DIT_CONFIG, "caption_channels", 17, 4096, words=("transformer/",))
values(DIT_CONFIG, "patch_size", 2, 0, "1")
values(DIT_CONFIG, "patch_size_t", 2)
values(DIT_CONFIG, "qk_norm", "layer_norm", 5)
values(DIT_CONFIG, "activation_fn", "nonsense", 3)
values(DIT_CONFIG, "norm_eps", "small", [1])
values(DIT_CONFIG, "norm_elementwise_affine", True, words=("transformer/", "norm1.weight"))
values(VAE_CONFIG, "latent_channels", 0, -8, "8", 1 << 40)
values(VAE_CONFIG, "block_out_channels", [0, -1], [4, 4, 4, "4"], 4)
values(VAE_CONFIG, "layers_per_block", [1, 1])
values(VAE_CONFIG, "down_block_types", ["NoSuchBlock"] * 4)
values(VAE_CONFIG, "latent_channels", 9, words=("vae/",))
values(VAE_CONFIG, "decoder_block_out_channels", "wide", [], [8, "8", 16], [8, 0, 16],
       [8, -8, 16], [8, 8, 1 << 40], [8, [8], 16])
values(VAE_CONFIG, "decoder_block_out_channels", 5, words=("vae/",))
values(VAE_CONFIG, "decoder_block_out_channels", [8, 8, 32], [8, 8, 17], [8] * 40,
       words=("vae/",))
values(VAE_CONFIG, "decoder_layers_per_block", "many", [1, 1, -1, 1], [1, 1, 1, "1"], 1)
values(VAE_CONFIG, "decoder_layers_per_block", [1, 1], [1, 1, 3, 1], [1, 1, 1 << 40, 1],
       words=("vae/",))
values(VAE_CONFIG, "decoder_spatio_temporal_scaling", [True], "yes", words=("vae/",))
values(VAE_CONFIG, "upsample_factor", [1, 1, 0], [1, 1, -2], [1, 1, "2"], [1])
values(VAE_CONFIG, "upsample_factor", [1, 1, 3], [2, 2, 2], [1, 1, 1], words=("vae/",))
values(VAE_CONFIG, "upsample_residual", [True], "yes")
values(VAE_CONFIG, "timestep_conditioning", "yes", [])
values(VAE_CONFIG, "timestep_conditioning", True, words=("vae/",))
values(VAE_CONFIG, "patch_size", 0, -4, "4", 1 << 40)
values(VAE_CONFIG, "patch_size", 3, words=("vae/",))
values(VAE_CONFIG, "scaling_factor", "one", [], {})
values(VAE_CONFIG, "spatial_compression_ratio", 0, -32, "32")
values(VAE_CONFIG, "temporal_compression_ratio", 0, "8")
values(VAE_CONFIG, "decoder_inject_noise", [True] * 4, words=("vae/", "per_channel_scale1"))
values(T5_CONFIG, "d_model", 0, -16, "16", 1 << 40)
values(T5_CONFIG, "d_model", 17, words=("text_encoder/",))
values(T5_CONFIG, "d_kv", 0, "8", 2.5)
values(T5_CONFIG, "d_kv", 9, words=("text_encoder/",))
values(T5_CONFIG, "num_heads", 0, -3, 1 << 31)
values(T5_CONFIG, "num_heads", 4, words=("text_encoder/",))
values(T5_CONFIG, "d_ff", 0, "24")
values(T5_CONFIG, "num_layers", -1, "2", 1 << 40)
values(T5_CONFIG, "num_layers", 3, words=("text_encoder/", "encoder.block.2"))
values(T5_CONFIG, "vocab_size", 0, -5, "277", 1 << 50)
values(T5_CONFIG, "vocab_size", 276, words=("text_encoder/", "shared.weight"))
values(T5_CONFIG, "relative_attention_num_buckets", 0, "32", 1 << 40)
values(T5_CONFIG, "relative_attention_num_buckets", 31, words=("text_encoder/",))
values(T5_CONFIG, "relative_attention_max_distance", 0, "128")
values(T5_CONFIG, "feed_forward_proj", "gated-nonsense", "relu", 5)
values(T5_CONFIG, "layer_norm_epsilon", "small")
values(SCHEDULER, "shift", "large", [1])
values(SCHEDULER, "use_dynamic_shifting", "yes")
values(SCHEDULER, "use_dynamic_shifting", True, words=("scheduler", "use_dynamic_shifting"))
values(SCHEDULER, "num_train_timesteps", 0, -1000, "1000", 1 << 50)
values(SCHEDULER, "time_shift_type", "cubic", 5)
values(SCHEDULER, "shift_terminal", "late")
for key, wild in (("num_attention_heads", (0, "2")), ("attention_head_dim", (13, 0, 1 << 40)),
                  ("freq_dim", (255, 0)), ("patch_size", ([1, 2, 3], 2, [1, 2], [0, 2, 2], "2")),
                  ("image_dim", (1280,)), ("added_kv_proj_dim", (64,)), ("ffn_dim", (0, "40")),
                  ("num_layers", (0, -1)), ("eps", ("small",)), ("cross_attn_norm", (1,)),
                  ("text_dim", (0, 1 << 40))):
    values(DIT_CONFIG, key, *wild, base="wan")
for key, wild in (("ffn_dim", (41,)), ("in_channels", (5,)), ("out_channels", (3,)),
                  ("text_dim", (17,)), ("num_layers", (3,)), ("patch_size", ([1, 1, 1],)),
                  ("freq_dim", (128,)), ("num_attention_heads", (3,))):
    values(DIT_CONFIG, key, *wild, base="wan", words=("transformer/",))
for key, wild in (("z_dim", (0, "4", 1 << 40)), ("dim_mult", ([], [0], [1] * 9, "wide")),
                  ("temperal_downsample", ([True], [1, 0], "yes")), ("latents_mean", ([1, 2], "x")),
                  ("latents_std", ([0] * 4, [1, 2, 3], {})), ("scale_factor_spatial", (4, 0)),
                  ("scale_factor_temporal", (8,)), ("out_channels", (4, 0)),
                  ("num_res_blocks", (-1, 1 << 40)), ("decoder_base_dim", (0, "4")),
                  ("is_residual", ("no",))):
    values(VAE_CONFIG, key, *wild, base="wan")
for key, wild in (("z_dim", (5,)), ("dim_mult", ([1, 2, 4, 3],)), ("num_res_blocks", (2,)),
                  ("decoder_base_dim", (5,)), ("is_residual", (True,)), ("patch_size", (2,))):
    values(VAE_CONFIG, key, *wild, base="wan", words=("vae/",))
for key, wild in (("solver_order", (0, 4)), ("prediction_type", ("epsilon", 5)),
                  ("use_flow_sigmas", (False, DROP)), ("use_karras_sigmas", (True,)),
                  ("thresholding", (True, "no")), ("lower_order_final", (False,)),
                  ("solver_type", ("bh1",)), ("final_sigmas_type", ("sigma_min",)),
                  ("disable_corrector", ([0],)), ("flow_shift", (0, "3")),
                  ("num_train_timesteps", (0,)), ("use_dynamic_shifting", (True,))):
    values(SCHEDULER, key, *wild, base="wan")
values(SCHEDULER, "_class_name", "DDIMScheduler", base="wan", words=(SCHEDULER, "DDIMScheduler"))
values(T5_CONFIG, "num_layers", 3, words=("text_encoder/", "encoder.block.2"), base="wan")
values(INDEX, "boundary_ratio", 0.5, words=(INDEX, "transformer_2"), base="wan")
values(INDEX, "boundary_ratio", 1.5, "0.5", base="wan")
values(INDEX, "expand_timesteps", "yes", base="wan")
values(INDEX, "text_encoder", ["transformers", "T5EncoderModel"], base="wan")
values(DIT_CONFIG, "pos_embed_seq_len", 10, base="wan")
values(INDEX, "_class_name", "WanImageToVideoPipeline", words=("the transformer reads", "beside them"), base="wan")
values(INDEX, "_class_name", "WanPipeline", words=(INDEX, "image_dim"), base="wan-i2v")
values(INDEX, "expand_timesteps", True, words=(INDEX, "image_dim"), base="wan-i2v")
for key in ("image_encoder", "image_processor"):
    values(INDEX, key, DROP, [None, None], base="wan-i2v")
values(INDEX, "image_encoder", ["transformers", "SiglipVisionModel"], base="wan-i2v")
for key, wild in (("image_dim", (None, 9)), ("added_kv_proj_dim", (None, 19))):
    values(DIT_CONFIG, key, *wild, words=("transformer/",), base="wan-i2v")
values(DIT_CONFIG, "pos_embed_seq_len", 10, words=("transformer/", "pos_embed"), base="wan-i2v")
values(DIT_CONFIG, "in_channels", 16, words=("transformer/", "patch_embedding"), base="wan-i2v")
for key, wild in (("hidden_size", (0, "8")), ("num_attention_heads", (3, 0)),
                  ("hidden_act", ("gelu_new", 5)), ("image_size", (7, [16, 16])),
                  ("patch_size", (0, 17)), ("num_channels", (4,)), ("layer_norm_eps", ("x",)),
                  ("num_hidden_layers", (0,))):
    values(VISION_CONFIG, key, *wild, base="wan-i2v")
for key, wild in (("hidden_size", (10,)), ("image_size", (24,)), ("intermediate_size", (13,)),
                  ("num_hidden_layers", (4,))):
    values(VISION_CONFIG, key, *wild, words=("image_encoder/",), base="wan-i2v")
for key, wild in (("do_resize", (False, "yes")), ("do_normalize", (False,)), ("resample", (2,)),
                  ("size", ({"height": 16}, 16)), ("image_mean", ([1, 2], "x")),
                  ("image_std", ([0, 1, 1],)), ("rescale_factor", (0,)),
                  ("crop_size", ({"height": 17, "width": 16}, {"height": 12, "width": 12}))):
    values(PICTURES, key, *wild, base="wan-i2v")
for file in (VISION, VISION_CONFIG, PICTURES, "image_encoder", "image_processor"):
    add(f"missing-{file.replace('/', '-')}", remove(file), *file.split("/")[:1], base="wan-i2v")
for tensor in ("condition_embedder.image_embedder.norm1.weight", "blocks.1.attn2.add_k_proj.weight",
               "blocks.0.attn2.norm_added_k.weight"):
    add(f"missing-{tensor}", rename(DIT, tensor, "other"), DIT, tensor, base="wan-i2v")
for tensor in ("embeddings.position_embedding.weight", "encoder.layers.0.self_attn.k_proj.bias"):
    add(f"missing-{tensor}", rename(VISION, tensor, "other"), VISION, tensor, base="wan-i2v")
for tensor in ("encoder.down_blocks.3.time_conv.weight", "quant_conv.weight",
               "encoder.mid_block.attentions.0.to_qkv.weight"):
    add(f"missing-{tensor}", rename(VAE, tensor, "other"), VAE, base="wan-i2v")
add("wan-encoder-flat", reshape(VAE, "encoder.conv_in.weight",
                                lambda s: [s[0], s[1] * s[2], s[3], s[4]]), VAE,
    "encoder.conv_in.weight", base="wan-i2v")
values(INDEX, "_class_name", DROP, 5, None, "NoSuchPipeline", "StableDiffusionPipeline")
values(INDEX, "transformer", DROP, [None, None], "text", ["diffusers", "WanTransformer3DModel"])
values(INDEX, "text_encoder", ["transformers", "CLIPTextModel"])
values(INDEX, "vae", ["diffusers", "AutoencoderKLWan"])
values(INDEX, "scheduler", ["diffusers", "DDIMScheduler"])

# ---------------------------------------------------------------- tokenizer
add("tokenizer-empty", content(SPIECE, b""), SPIECE)
add("tokenizer-cut", cut(SPIECE, 1000), SPIECE)
add("tokenizer-cut-by-1-byte", cut(SPIECE, -1), SPIECE)
add("tokenizer-garbage", content(SPIECE, bytes(range(256)) * 20), SPIECE)
add("tokenizer-text", content(SPIECE, b"hello\n"), SPIECE)


def shrink_embedding(folder):
    """A well-formed embedding with fewer rows than the tokenizer has pieces."""
    def edit(contents):
        dtype, shape, data = contents["shared.weight"]
        contents["shared.weight"] = (dtype, [100, shape[1]], data[:100 * shape[1] * 4])
    tensors(T5, edit)(folder)
    change_json(folder / T5_CONFIG, vocab_size=100)


add("tokenizer-larger-than-embedding", shrink_embedding, "spiece.model", "100")



def only_json(data):
    """A tokenizer.json in place of the spiece.model."""
    def alter(folder):
        remove(SPIECE)(folder)
        text = data if isinstance(data, bytes) else json.dumps(data).encode()
        (folder / "tokenizer" / "tokenizer.json").write_bytes(text)
    return alter


VOCABULARY = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["a", -1.0]]
for name, data in (
        ("empty", b""), ("garbage", bytes(range(256))), ("list", []), ("no-model", {}),
        ("nested", b"[" * 100000), ("model-null", {"model": None}),
        ("model-bpe", {"model": {"type": "BPE", "vocab": {"a": 1}, "merges": []}}),
        ("vocab-missing", {"model": {"type": "Unigram", "unk_id": 2}}),
        ("vocab-empty", {"model": {"type": "Unigram", "unk_id": 2, "vocab": []}}),
        ("vocab-of-numbers", {"model": {"type": "Unigram", "unk_id": 2, "vocab": [1, 2, 3]}}),
        ("scores-of-text", {"model": {"type": "Unigram", "unk_id": 2, "vocab": [["a", "b"]] * 4}}),
        ("charsmap-garbage", {
            "normalizer": {"type": "Precompiled", "precompiled_charsmap": "!!!"},
            "model": {"type": "Unigram", "unk_id": 2, "vocab": VOCABULARY}})):
    add(f"tokenizer-json-{name}", only_json(data), "tokenizer.json")

# ---------------------------------------------------------------- files that are not there
for file in (INDEX, DIT_CONFIG, DIT, VAE_CONFIG, VAE, T5_CONFIG, T5, SPIECE, SCHEDULER,
             "transformer", "vae", "text_encoder", "tokenizer", "scheduler"):
    add(f"missing-{file.replace('/', '-')}", remove(file), *file.split("/"))
for file in (INDEX, DIT_CONFIG, DIT, SPIECE):
    add(f"folder-instead-of-{file.replace('/', '-')}", replace_by(file, os.mkdir),
        *file.split("/"))
    add(f"pipe-instead-of-{file.replace('/', '-')}", replace_by(file, os.mkfifo), *file.split("/"))
add("device-instead-of-config", replace_by(DIT_CONFIG, lambda p: p.symlink_to("/dev/zero")),
    DIT_CONFIG)
add("link-to-itself", replace_by(DIT, lambda path: path.symlink_to(path.name)),
    *DIT.split("/"))
add("folder-empty", lambda folder: [remove(path.name)(folder) for path in folder.iterdir()], INDEX)
add("file-instead-of-component", replace_by("vae", lambda path: path.write_text("x")), "vae")

# ---------------------------------------------------------------- shards
add("shard-missing", lambda folder: shard_of(folder, QUERY).unlink(),
    "diffusion_pytorch_model-0000", base="first")
add("shard-cut", lambda folder: cut(shard_of(folder, QUERY), -10)(folder),
    "diffusion_pytorch_model-0000", base="first")
add("shard-without-its-tensor", lambda folder: rename(
    shard_of(folder, QUERY), QUERY, "other")(folder), "diffusion_pytorch_model", QUERY, base="first")
add("shard-index-empty", content(SHARD_INDEX, b""), SHARD_INDEX, base="first")
add("shard-index-cut", cut(SHARD_INDEX, -30), SHARD_INDEX, base="first")
add("shard-index-without-map", settings(SHARD_INDEX, weight_map=DROP), SHARD_INDEX, "weight_map",
    base="first")
add("shard-index-map-is-a-list", settings(SHARD_INDEX, weight_map=[]), SHARD_INDEX, "weight_map",
    base="first")
add("shard-index-map-empty", settings(SHARD_INDEX, weight_map={}), "transformer/", base="first")
add("shard-index-with-a-tensor-too-many", weight_map(lambda m: m.update(
    {"transformer_blocks.7.x": next(iter(m.values()))})), "transformer/", "transformer_blocks.7.x",
    base="first")
add("shard-index-names-no-file", weight_map(lambda m: m.update({QUERY: "none.safetensors"})),
    "none.safetensors", base="first")
add("shard-index-names-a-number", weight_map(lambda m: m.update({QUERY: 5})), SHARD_INDEX,
    base="first")
add("shard-index-leaves-the-folder", weight_map(lambda m: m.update(
    {QUERY: "../../../../../../etc/passwd"})), "transformer/", base="first")
add("shard-index-swaps-shards", weight_map(lambda m: m.update(
    {key: sorted(set(m.values()))[len(set(m.values())) - 1 - sorted(set(m.values())).index(value)]
     for key, value in list(m.items())})), "transformer/", base="first")
add("shift-lengths-equal", settings(SCHEDULER, max_image_seq_len=1024), SCHEDULER,
    "max_image_seq_len", base="first")


# ---------------------------------------------------------------- a tiny autoencoder
VAE_FILE = dict(given="tiny-picture.vae.safetensors", options=("--vae", f"@{GIVEN}"))
TINY = dict(base="wan-ti2v", **VAE_FILE)
add("tiny-missing", remove(GIVEN), GIVEN, **TINY)
add("tiny-empty", content(GIVEN, b""), GIVEN, **TINY)
add("tiny-cut", cut(GIVEN, -1), GIVEN, **TINY)
add("tiny-pickled", content(GIVEN, b"PK\3\4" + bytes(4096)), GIVEN, "pickle", **TINY)
add("tiny-is-a-folder", replace_by(GIVEN, os.mkdir), GIVEN, **TINY)
add("tiny-of-no-kind", rename(GIVEN, "decoder.22.bias", "other"), GIVEN, "vae", **TINY)
add("tiny-is-super", rename(GIVEN, "decoder.1.weight", "decoder.1.conv.0.weight"), GIVEN, "super",
    **TINY)
add("tiny-of-another-model", lambda folder: None, "latent channels of the vae", base="condition",
    **VAE_FILE)
for tensor in ("decoder.4.conv.2.weight", "decoder.17.conv.0.bias", "decoder.13.conv.weight",
               "decoder.20.weight", "encoder.3.weight", "encoder.12.conv.weight"):
    add(f"tiny-without-{tensor}", rename(GIVEN, tensor, "other"), GIVEN, **TINY)
for tensor in ("decoder.8.weight", "decoder.22.weight", "decoder.5.conv.4.weight",
               "encoder.17.weight"):
    add(f"tiny-flat-{tensor}", reshape(GIVEN, tensor, lambda s: [s[0], s[1] * s[2], s[3], 1]),
        GIVEN, tensor, **TINY)
add("tiny-of-integers", retype(GIVEN, "decoder.22.bias", "I32", 4), GIVEN, "decoder.22.bias",
    **TINY)
add("tiny-without-encoder", tensors(GIVEN, lambda c: [c.pop(name) for name in list(c)
                                                     if name.startswith("encoder.")]),
    to=HARMLESS, **TINY)
add("tiny-growth-too-wide", reshape(GIVEN, "decoder.13.conv.weight", lambda s: [s[0] * 2,
                                                                              s[1] // 2, 1, 1]),
    GIVEN, **TINY)

# ---------------------------------------------------------------- a LoRA file
LORA_FILE = dict(given="wan-lora.lora.safetensors", options=("--lora", f"@{GIVEN}"))
LORA = dict(base="wan", **LORA_FILE)
PLACE = "diffusion_model.blocks.0.cross_attn.k."


def double(tensor, place):
    """The tensor once more, under the other way to name the place."""
    return tensors(GIVEN, lambda c: c.update({place: c[tensor]}))


add("lora-missing", remove(GIVEN), GIVEN, **LORA)
add("lora-empty", content(GIVEN, b""), GIVEN, **LORA)
add("lora-cut", cut(GIVEN, -1), GIVEN, **LORA)
add("lora-without-tensors", content(GIVEN, struct.pack("<Q", 2) + b"{}"), GIVEN, "no tensors", **LORA)
add("lora-pickled", content(GIVEN, b"\x80\x02}q\0" + bytes(64)), GIVEN, "pickle", **LORA)
add("lora-is-a-folder", replace_by(GIVEN, os.mkdir), GIVEN, **LORA)
add("lora-is-a-pipe", replace_by(GIVEN, os.mkfifo), GIVEN, **LORA)
add("lora-weight-no-number", lambda folder: None, GIVEN, '"much" is no weight',
    **LORA | dict(options=("--lora", f"@{GIVEN}=much")))
add("lora-of-another-model", lambda folder: None, GIVEN, "wanted", **LORA_FILE)
for kind, other in (("down", "up"), ("up", "down")):
    add(f"lora-without-{kind}", rename(GIVEN, f"{PLACE}lora_{kind}.weight", "other"), GIVEN,
        f"{PLACE}lora_{other}.weight", **LORA)
    add(f"lora-{kind}-too-long", reshape(GIVEN, f"{PLACE}lora_{kind}.weight",
                                         lambda s: [s[0] * 2, s[1] // 2]), GIVEN, PLACE, **LORA)
    add(f"lora-{kind}-flat", reshape(GIVEN, f"{PLACE}lora_{kind}.weight", lambda s: [s[0] * s[1]]),
        GIVEN, PLACE, **LORA)
add("lora-difference-of-another-size", reshape(GIVEN, f"{PLACE}diff_b", lambda s: [2, s[0] // 2]),
    GIVEN, to=EITHER, **LORA)
add("lora-of-integers", tensors(GIVEN, lambda c: c.update(
    {f"{PLACE}lora_up.weight": ("I32", [28, 4], bytes(448))})), GIVEN, f"{PLACE}lora_up.weight", **LORA)
add("lora-alpha-of-bytes", tensors(GIVEN, lambda c: c.update(
    {f"{PLACE}alpha": ("U8", [], bytes(1))})), GIVEN, f"{PLACE}alpha", **LORA)
add("lora-alpha-of-two", tensors(GIVEN, lambda c: c.update(
    {f"{PLACE}alpha": ("F32", [2], bytes(8))})), GIVEN, f"{PLACE}alpha", **LORA)
add("lora-alpha-not-a-number", tensors(GIVEN, lambda c: c.update(
    {f"{PLACE}alpha": ("F32", [], struct.pack("<f", float("nan")))})), GIVEN, f"{PLACE}alpha",
    **LORA)
add("lora-twice-for-a-weight", double(f"{PLACE}lora_up.weight",
                                      f"model.{PLACE}lora_B.weight"), GIVEN, "same weight", **LORA)
add("lora-metadata-garbage", header(GIVEN, lambda head: head.update(
    __metadata__={"lora_adapter_metadata": "{"})), GIVEN, **LORA)
add("lora-with-more", double(f"{PLACE}lora_up.weight", "text_model.q.lora_B.weight"), to=HARMLESS,
    **LORA)

# ---------------------------------------------------------------- what a checkpoint survives
def reversed_order(contents):
    for name in list(contents)[::-1]:
        contents[name] = contents.pop(name)


add("extra-tensor", tensors(DIT, lambda c: c.update({"ema.decay": ("F32", [1], bytes(4))})),
    to=HARMLESS)
add("extra-scalar", tensors(VAE, lambda c: c.update({"step": ("I64", [], bytes(8))})), to=HARMLESS)
add("another-order", tensors(DIT, reversed_order), to=HARMLESS)
add("header-padded", raw_header(VAE, lambda text: text + b" " * 7), to=HARMLESS)
add("extra-keys", settings(DIT_CONFIG, _name_or_path="x", future={"a": [1, 2]}), to=HARMLESS)
add("nulls-for-defaults", settings(VAE_CONFIG, spatial_compression_ratio=None,
                                   temporal_compression_ratio=None), to=HARMLESS)
add("defaults-left-out", settings(SCHEDULER, shift=DROP, num_train_timesteps=DROP,
                                  time_shift_type=DROP, invert_sigmas=DROP), to=HARMLESS)
add("out-channels-null", settings(DIT_CONFIG, out_channels=None), to=HARMLESS)
add("feature-extractor-null", settings(INDEX, feature_extractor=[None, None]), to=HARMLESS)
add("wan-without-encoder", tensors(VAE, lambda c: [c.pop(name) for name in list(c)
                                                   if name.startswith("encoder.")]),
    base="wan-ti2v", to=HARMLESS)
add("tokenizer-fast", settings(INDEX, tokenizer=["transformers", "T5TokenizerFast"]), to=HARMLESS)
add("other-files", content("README.md", b"# model\n"), to=HARMLESS)

# ---------------------------------------------------------------- a video to go on from
CLIP = "clip.y4m"


def y4m(header="W4 H4 F24:1 C420mpeg2", frames=9, frame=b"FRAME\n", size=24, tail=b""):
    return b"YUV4MPEG2 " + header.encode() + b"\n" + (frame + bytes(size)) * frames + tail


def clip(name, data, *words, to=DAMAGES):
    add("continue-" + name, content(CLIP, data), CLIP, *words, to=to, options=("--continue", "@" + CLIP))


for name, data, *words in (
        ("empty", b"", "does not begin"), ("picture", b"\x89PNG\r\n\x1a\n" + bytes(99), "does not begin"),
        ("header-alone", y4m(frames=0), "no picture"), ("header-cut", y4m()[:20], "cut off"),
        ("frame-cut", y4m()[:-3], "picture 8", "cut off"), ("frame-header-cut", y4m(tail=b"FRA"), "cut off"),
        ("frame-header-wrong", y4m(frame=b"FRAMF\n"), "picture 0"),
        ("frame-header-endless", y4m(frames=1, frame=b"FRAME " + b"x" * 9999), "longer"),
        ("frames-too-short", y4m(size=23), "picture 1"), ("frames-too-long", y4m(size=25), "picture 1"),
        ("no-size", y4m("F24:1"), "width"), ("width-none", y4m("W0 H4"), "W"),
        ("width-negative", y4m("W-4 H4"), "W"), ("width-wild", y4m("W4294967300 H4"), "W"),
        ("height-text", y4m("W4 Hfour"), "H"), ("height-wild", y4m("W4 H99999999999999999999"), "H"),
        ("size-wild", y4m("W16384 H16384"), "16384"), ("size-large", y4m("W16384 H4096 C444p16"), "cut off"),
        ("rate-none", y4m("W4 H4 F24:0"), "F"), ("rate-text", y4m("W4 H4 Fast"), "F"),
        ("colours-411", y4m("W4 H4 C411"), "411"), ("colours-alpha", y4m("W4 H4 C444alpha"), "444alpha"),
        ("bits-wild", y4m("W4 H4 C420p4294967306"), "420p4294967306")):
    clip(name, data, *words)
for name, data in (
        ("good", y4m()), ("one", y4m(frames=1)), ("grey", y4m("W4 H4 Cmono", size=16)),
        ("no-rate", y4m("W4 H4 F0:0")), ("more-words", y4m("W4 H4 Ip A0:0 XANY Q1")),
        ("frame-words", y4m(frame=b"FRAME Ip\n")), ("one-pixel", y4m("W1 H1 C420jpeg", size=3))):
    clip(name, data, to=HARMLESS)

# ---------------------------------------------------------------- odd, but nothing must break
for value in (0.0, -1.0, 1e308, 1e-320):
    add(f"scaling-{value}", settings(VAE_CONFIG, scaling_factor=value), to=EITHER)
for value in (0.0, -3.0, 1e308):
    add(f"shift-{value}", settings(SCHEDULER, shift=value), to=EITHER)
add("shift-terminal-1", settings(SCHEDULER, shift_terminal=1.0), to=EITHER, base="first")
add("norm-eps-negative", settings(DIT_CONFIG, norm_eps=-1.0), to=EITHER)
add("layers-fewer", settings(DIT_CONFIG, num_layers=1), to=EITHER)
add("layers-none", settings(DIT_CONFIG, num_layers=0), to=EITHER)
add("text-layers-fewer", settings(T5_CONFIG, num_layers=1), to=EITHER)
add("encoder-missing", tensors(VAE, lambda c: [c.pop(n) for n in list(c)
                                               if n.startswith("encoder.")]), to=EITHER)
add("weights-not-a-number", tensors(DIT, lambda c: c.update(
    {"proj_in.bias": ("F16", [28], struct.pack("<H", 0x7e00) * 28)})), to=EITHER)
add("weights-infinite", tensors(VAE, lambda c: c.update(
    latents_std=("F16", [8], struct.pack("<H", 0x7c00) * 8))), to=EITHER)
add("shard-index-without-a-tensor", weight_map(lambda m: m.pop(QUERY)), to=EITHER, base="first")
add("class-other-pipeline", settings(INDEX, _class_name="LTXPipeline"), to=EITHER)
