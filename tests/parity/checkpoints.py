# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tiny random LTX-Video and Wan checkpoints in the diffusers folder layout.

`MODELS` lists what is built: the kinds of autoencoder that were published, all pipeline classes,
widths that do not divide evenly, storage types and shards. A freshly initialised network hides
mistakes behind its zeros and ones, so every parameter is filled with random numbers that keep
activations near one.
"""

import dataclasses
import io
import json
import math
import pathlib

import diffusers
import sentencepiece
import torch
import transformers
from diffusers import (
    AutoencoderKLLTXVideo,
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    LTXVideoTransformer3DModel,
    UniPCMultistepScheduler,
    WanTransformer3DModel,
)
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
    UMT5Config,
    UMT5EncoderModel,
)

for library in (diffusers, transformers):
    library.logging.set_verbosity_error()
    library.logging.disable_progress_bar()

# What the tokenizer learns its pieces from.
SENTENCES = """\
blue waves at sunset roll slowly towards the sandy beach
red fire burning in the dark, sparks rise and drift away
a bouncing ball on a green field, seen from above
snow falls over a quiet village; the stars shine
clouds drift across the sky, white and grey, at 24 frames a second
golden particles float upwards, glowing softly on black
the camera moves to the left while heavy rain is falling
low quality, worst quality, deformed, distorted, motion smear, blurry
蓝色的海浪在日落时分拍打着沙滩
红色的火焰在黑夜中燃烧，火花升起
雪花飘落在安静的村庄上，星星闪烁
白云在蓝天上缓缓移动
金色的粒子向上漂浮，发出柔和的光
镜头缓慢地向左移动，下着大雨
""".splitlines()

# scheduler_config.json as published with each version.
DYNAMIC_SHIFT = dict(
    base_image_seq_len=1024, base_shift=0.95, max_image_seq_len=4096, max_shift=2.05,
    shift_terminal=0.1, use_dynamic_shifting=True,
)
NO_SHIFT = dict(use_dynamic_shifting=False, shift=1.0)
# Wan's, published with UniPC; a shift of 5 for large pictures.
UNIPC = dict(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)


@dataclasses.dataclass
class Family:
    """The classes that a pipeline is made of, and how many ids its text encoder reads."""

    text_encoder: type
    text_config: type
    transformer: type
    text_width: str  # the transformer's name for the width of an embedding
    vae: type
    text_length: int


LTX = Family(T5EncoderModel, T5Config, LTXVideoTransformer3DModel, "caption_channels",
             AutoencoderKLLTXVideo, 128)
FAMILIES = {
    "LTXPipeline": LTX,
    "LTXConditionPipeline": dataclasses.replace(LTX, text_length=256),
    "WanPipeline": Family(UMT5EncoderModel, UMT5Config, WanTransformer3DModel, "text_dim",
                          AutoencoderKLWan, 512),
}
FAMILIES["WanImageToVideoPipeline"] = FAMILIES["WanPipeline"]


def t5(d_model, d_kv, num_heads, num_layers, d_ff, **more):
    return dict(d_model=d_model, d_kv=d_kv, num_heads=num_heads, num_layers=num_layers, d_ff=d_ff,
                feed_forward_proj="gated-gelu", tie_word_embeddings=False,
                is_encoder_decoder=False, use_cache=False, **more)


def dit(channels, heads, head_dim, layers, **more):
    return dict(in_channels=channels, out_channels=channels, num_attention_heads=heads,
                attention_head_dim=head_dim, num_layers=layers,
                cross_attention_dim=heads * head_dim, **more)


def vae_090(channels, widths, layers=(1, 2, 1, 2, 1), **more):
    """The first published kind: no timestep, plain upsampling, a width change before it."""
    return dict(
        latent_channels=channels, block_out_channels=(8, 8, 16, 16),
        decoder_block_out_channels=widths, layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=layers, spatio_temporal_scaling=(True, True, True, False),
        decoder_spatio_temporal_scaling=(True, True, True, False),
        decoder_inject_noise=(False,) * 5, upsample_residual=(False,) * 4,
        upsample_factor=(1, 1, 1, 1), timestep_conditioning=False, encoder_causal=True,
        decoder_causal=False) | more


def vae_091(channels, widths, layers=(1, 2, 1, 2), **more):
    """Timestep-conditioned decoder with noise layers (whose scales are zero here)."""
    return dict(
        latent_channels=channels, block_out_channels=(8, 8, 16, 16),
        decoder_block_out_channels=widths, layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=layers, spatio_temporal_scaling=(True, True, True, False),
        decoder_spatio_temporal_scaling=(True, True, True),
        decoder_inject_noise=(True, True, True, False), upsample_residual=(True, True, True),
        upsample_factor=(2, 2, 2), timestep_conditioning=True, encoder_causal=True,
        decoder_causal=False) | more


def vae_095(channels, widths, layers=(1, 2, 1, 2), **more):
    """The kind since 0.9.5, the embedded model's too: its encoder has its own down blocks."""
    return dict(
        latent_channels=channels, block_out_channels=(8, 8, 8, 16, 16),
        down_block_types=("LTXVideo095DownBlock3D",) * 4,
        decoder_block_out_channels=widths, layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=layers, spatio_temporal_scaling=(True, True, True, True),
        decoder_spatio_temporal_scaling=(True, True, True),
        decoder_inject_noise=(False,) * 4, upsample_residual=(True, True, True),
        upsample_factor=(2, 2, 2),
        downsample_type=("spatial", "temporal", "spatiotemporal", "spatiotemporal"),
        timestep_conditioning=True, encoder_causal=True, decoder_causal=False,
        spatial_compression_ratio=32, temporal_compression_ratio=8) | more


def wan_dit(channels, heads, head_dim, layers, ffn_dim, **more):
    return dict(in_channels=channels, out_channels=channels, num_attention_heads=heads,
                attention_head_dim=head_dim, num_layers=layers, ffn_dim=ffn_dim, **more)


def wan_vae(channels, base_dim, dim_mult=(1, 2, 4, 4), num_res_blocks=1,
            temperal_downsample=(False, True, True), **more):
    """Wan 2.1's autoencoder; the statistics of latents are part of its configuration."""
    return dict(z_dim=channels, base_dim=base_dim, dim_mult=list(dim_mult),
                num_res_blocks=num_res_blocks, temperal_downsample=list(temperal_downsample),
                latents_mean=[math.sin(3 * i) for i in range(channels)],
                latents_std=[1.5 + math.cos(5 * i) for i in range(channels)]) | more


def vision(width, feed, layers, heads, side, patch, shortest=None, projects=False, **more):
    """CLIP's vision encoder, and what prepares a picture for it."""
    return dict(config=dict(hidden_size=width, intermediate_size=feed, num_hidden_layers=layers,
                            num_attention_heads=heads, image_size=side, patch_size=patch,
                            projection_dim=8, **more),
                shortest=shortest or side, projects=projects)


def model(pipeline, t5, dit, vae, scheduler, storage=("F32", "F32", "F32"), shard=None, drop=(),
          spiece=True, umt5_pieces=False, expert=False, index=None, vision=None):
    """
    `storage` is of text encoder, transformer and autoencoder; `shard` a largest file size; `drop`
    lists keys that the autoencoder's configuration does not have; without `spiece` the tokenizer
    is saved as transformers 5 does, in a tokenizer.json alone; with `umt5_pieces` it has those of
    UMT5, <s> and one for each byte; with `expert` there is a second transformer of the same sizes;
    `index` is what model_index.json says besides the classes; `vision` describes an encoder of
    given pictures.
    """
    return dict(pipeline=pipeline, t5=t5, dit=dit, vae=vae, scheduler=scheduler, storage=storage,
                shard=shard, drop=drop, spiece=spiece, umt5_pieces=umt5_pieces, expert=expert,
                index=index or {}, vision=vision)


MODELS = {
    # 0.9.0 as published: dynamic shift, non-causal decoder without timestep.
    "v090": model(
        "LTXPipeline", t5(32, 8, 6, 2, 64), dit(8, 4, 16, 2),
        vae_090(8, (8, 16, 24, 24)), DYNAMIC_SHIFT),
    # Inner width 44: not a multiple of 6, pairs of the rotary embedding cross odd heads.
    "v090-odd-heads": model(
        "LTXPipeline", t5(40, 12, 3, 3, 56), dit(5, 4, 11, 3),
        vae_090(5, (12, 12, 20, 28), (2, 1, 1, 1, 2), scaling_factor=1.375), DYNAMIC_SHIFT,
        ("F16", "F16", "F16"), "24KB"),
    # A configuration without the keys that came after 0.9.0: defaults apply.
    "v090-first-config": model(
        "LTXPipeline", t5(32, 8, 4, 1, 64), dit(8, 2, 24, 2), vae_090(8, (8, 16, 24, 24)),
        DYNAMIC_SHIFT, drop=(
            "decoder_spatio_temporal_scaling", "decoder_inject_noise", "down_block_types",
            "downsample_type", "upsample_residual", "upsample_factor", "timestep_conditioning",
            "spatial_compression_ratio", "temporal_compression_ratio")),
    # The same class with a plain shift; one number of steps works here that does not above.
    "v090-plain-shift": model(
        "LTXPipeline", t5(24, 16, 3, 1, 72), dit(12, 2, 35, 1),
        vae_090(12, (8, 8, 8, 16), decoder_causal=True), dict(shift=3.0),
        ("BF16", "BF16", "BF16")),
    "v091": model(
        "LTXPipeline", t5(48, 8, 4, 2, 40), dit(16, 3, 20, 2),
        vae_091(16, (16, 32, 64), scaling_factor=0.75), DYNAMIC_SHIFT,
        ("BF16", "F16", "F32"), "60KB"),
    "v095": model(
        "LTXConditionPipeline", t5(32, 8, 5, 2, 64), dit(8, 4, 16, 3),
        vae_095(8, (16, 32, 64)), NO_SHIFT),
    "v095-sharded": model(
        "LTXConditionPipeline", t5(64, 16, 3, 2, 96), dit(10, 5, 14, 2),
        vae_095(10, (24, 48, 96), (2, 1, 1, 1), scaling_factor=1.25), NO_SHIFT,
        ("F16", "BF16", "BF16"), "50KB"),
    # The embedded model's kind.
    "causal": model(
        "LTXConditionPipeline", t5(32, 16, 3, 2, 48), dit(12, 4, 10, 2),
        vae_095(12, (16, 32, 64), decoder_causal=True, timestep_conditioning=False), NO_SHIFT,
        ("F16", "F16", "F16")),
    "causal-timestep": model(
        "LTXConditionPipeline", t5(56, 8, 4, 1, 48), dit(6, 2, 26, 4),
        vae_095(6, (16, 32, 64), (1, 1, 2, 1), decoder_causal=True, scaling_factor=0.5), NO_SHIFT,
        ("F32", "BF16", "F16"), "40KB"),
    # The condition class before the 0.9.0 decoder, and the first class before the newest one.
    "condition-090": model(
        "LTXConditionPipeline", t5(32, 8, 4, 2, 64), dit(9, 2, 24, 2),
        vae_090(9, (8, 16, 16, 24)), NO_SHIFT),
    "first-class-095": model(
        "LTXPipeline", t5(32, 8, 4, 2, 64), dit(3, 3, 12, 2),
        vae_095(3, (16, 32, 64), decoder_causal=True), DYNAMIC_SHIFT, ("F16", "F32", "BF16")),
    # Wide enough for every blocked layout.
    "wide": model(
        "LTXConditionPipeline", t5(256, 64, 6, 2, 512), dit(64, 12, 64, 2),
        vae_095(64, (32, 64, 128), (2, 2, 2, 2)), NO_SHIFT, ("BF16", "BF16", "BF16"), "20MB",
        spiece=False),
    # A scheduler that shifts, in the class that hands over its own timesteps.
    "condition-shifted": model(
        "LTXConditionPipeline", t5(32, 8, 4, 1, 64), dit(8, 2, 16, 2), vae_090(8, (8, 8, 8, 8)),
        dict(shift=2.5, shift_terminal=0.05)),
    "karras": model(
        "LTXPipeline", t5(32, 8, 4, 1, 64), dit(8, 2, 16, 2), vae_090(8, (8, 8, 8, 8)),
        dict(use_karras_sigmas=True, shift=2.0)),
    "exponential": model(
        "LTXPipeline", t5(32, 8, 4, 1, 64), dit(8, 2, 16, 2), vae_090(8, (8, 8, 8, 8)),
        dict(use_exponential_sigmas=True, **DYNAMIC_SHIFT)),
    # Lists longer than the decoder is deep: the reference counts from their end.
    "long-lists": model(
        "LTXConditionPipeline", t5(24, 8, 4, 1, 32), dit(8, 3, 10, 2),
        vae_095(8, (16, 32, 64), upsample_residual=(False, True, True, True),
                upsample_factor=(1, 2, 2, 2), decoder_inject_noise=(True,) + (False,) * 4,
                decoder_spatio_temporal_scaling=(False, True, True, True)), NO_SHIFT),
    # Smaller ratios: an autoencoder without patches, enlarging twice.
    "small-ratios": model(
        "LTXPipeline", t5(32, 8, 4, 1, 37), dit(8, 4, 8, 1),
        vae_090(8, (8, 8, 8, 8), (1, 1, 1, 1, 1), patch_size=1,
                spatio_temporal_scaling=(True, True, False, False),
                decoder_spatio_temporal_scaling=(True, True, False, False)), DYNAMIC_SHIFT),
    # Values that configurations allow and no publication used.
    "unusual": model(
        "LTXPipeline",
        t5(32, 8, 4, 2, 64, relative_attention_num_buckets=16, relative_attention_max_distance=48,
           layer_norm_epsilon=1e-4),
        dit(8, 4, 12, 2, norm_eps=1e-4, attention_bias=False, attention_out_bias=False,
            norm_elementwise_affine=True),
        vae_095(8, (8, 16, 16), upsample_factor=(1, 2, 1), upsample_residual=(False, True, True),
                timestep_conditioning=False, resnet_norm_eps=1e-3, patch_size=2,
                spatial_compression_ratio=16),
        dict(use_dynamic_shifting=True, time_shift_type="linear", base_shift=0.6, max_shift=1.4)),
    # Wan 2.1 as published, but for the widths.
    "wan": model(
        "WanPipeline", t5(32, 8, 4, 3, 64), wan_dit(16, 4, 12, 3, 96), wan_vae(16, 8), UNIPC,
        umt5_pieces=True),
    # Heads whose width no 6 divides; channels of the autoencoder that are odd when halved.
    "wan-odd": model(
        "WanPipeline", t5(40, 12, 3, 2, 56), wan_dit(5, 3, 22, 2, 50, freq_dim=64, eps=1e-5),
        wan_vae(5, 7, (1, 1, 1, 1), 2), UNIPC | dict(flow_shift=5.0), ("F16", "BF16", "F16"),
        "40KB", umt5_pieces=True, spiece=False),
    "wan-euler": model(
        "WanPipeline", t5(24, 16, 3, 2, 72), wan_dit(7, 2, 38, 2, 64, cross_attn_norm=False),
        wan_vae(7, 6, (1, 3, 2, 4), 0), dict(shift=3.0), ("BF16", "BF16", "BF16")),
    # Other orders, and less enlargement, all of it in time.
    "wan-third-order": model(
        "WanPipeline", t5(32, 8, 4, 1, 64), wan_dit(8, 2, 16, 2, 48, patch_size=(1, 1, 1)),
        wan_vae(8, 8, (1, 2, 4), 1, temperal_downsample=(True, True), scale_factor_spatial=4),
        UNIPC | dict(solver_order=3, shift_terminal=0.05)),
    "wan-first-order": model(
        "WanPipeline", t5(32, 8, 4, 1, 64), wan_dit(8, 2, 16, 2, 48, patch_size=(2, 2, 2)),
        wan_vae(8, 8, (2, 1), 1, temperal_downsample=(True,), scale_factor_spatial=2,
                scale_factor_temporal=2),
        UNIPC | dict(solver_order=1, flow_shift=1.0)),
    # Wide enough for every blocked layout.
    "wan-wide": model(
        "WanPipeline", t5(256, 64, 6, 2, 512), wan_dit(16, 6, 64, 2, 1024),
        wan_vae(16, 32, num_res_blocks=2), UNIPC, ("BF16", "BF16", "BF16"), "20MB",
        umt5_pieces=True),
    # Wan 2.2: an autoencoder with patches and paths around its levels; two transformers.
    "wan22-ti2v": model(
        "WanPipeline", t5(32, 8, 4, 2, 64), wan_dit(6, 2, 20, 2, 40),
        wan_vae(6, 4, num_res_blocks=2, decoder_base_dim=6, is_residual=True, in_channels=12,
                out_channels=12, patch_size=2, scale_factor_spatial=16),
        UNIPC | dict(flow_shift=5.0), ("F32", "BF16", "F32"), umt5_pieces=True,
        index=dict(expand_timesteps=True)),
    "wan22-ti2v-pictures": model(
        "WanImageToVideoPipeline", t5(24, 8, 3, 2, 40), wan_dit(7, 3, 18, 2, 50),
        wan_vae(7, 6, (1, 2, 2, 2), num_res_blocks=1, decoder_base_dim=7, is_residual=True,
                in_channels=12, out_channels=12, patch_size=2, scale_factor_spatial=16),
        dict(shift=5.0), ("BF16", "BF16", "BF16"), "40KB", umt5_pieces=True,
        index=dict(expand_timesteps=True)),
    # Wan 2.1's autoencoder under tokens with their own timesteps.
    "wan-by-token": model(
        "WanPipeline", t5(24, 8, 3, 1, 40), wan_dit(8, 2, 16, 2, 40), wan_vae(8, 8), UNIPC,
        ("F16", "F32", "F16"), umt5_pieces=True, index=dict(expand_timesteps=True)),
    # Wan 2.1's image to video: a mask and latents beside, and a vision encoder.
    "wan-i2v": model(
        "WanImageToVideoPipeline", t5(32, 8, 4, 2, 64),
        wan_dit(16, 3, 12, 2, 60, image_dim=24, added_kv_proj_dim=36) | dict(in_channels=36),
        wan_vae(16, 8), UNIPC, umt5_pieces=True,
        vision=vision(24, 40, 3, 2, 28, 7, hidden_act="gelu")),
    "wan-i2v-sharded": model(
        "WanImageToVideoPipeline", t5(24, 8, 3, 1, 40),
        wan_dit(5, 3, 22, 2, 50, image_dim=30, added_kv_proj_dim=66, eps=1e-5)
        | dict(in_channels=14),
        wan_vae(5, 6, (1, 2, 2, 1), 2), dict(shift=3.0), ("BF16", "BF16", "BF16"), "40KB",
        umt5_pieces=True, vision=vision(30, 44, 2, 3, 30, 7, 37, projects=True)),
    # First and last frame: positions for the embeddings of both.
    "wan-flf2v": model(
        "WanImageToVideoPipeline", t5(32, 8, 4, 1, 64),
        wan_dit(8, 2, 20, 2, 48, image_dim=24, added_kv_proj_dim=40, pos_embed_seq_len=34)
        | dict(in_channels=20),
        wan_vae(8, 8), UNIPC | dict(flow_shift=5.0), ("F16", "F16", "F32"), umt5_pieces=True,
        vision=vision(24, 40, 4, 4, 28, 7, hidden_act="gelu", layer_norm_eps=1e-3)),
    # Wan 2.2's: two transformers, no vision encoder.
    "wan22-a14b-pictures": model(
        "WanImageToVideoPipeline", t5(32, 8, 4, 2, 64),
        wan_dit(8, 2, 16, 2, 40) | dict(in_channels=20), wan_vae(8, 8), UNIPC,
        ("BF16", "BF16", "F32"), "60KB", umt5_pieces=True, expert=True,
        index=dict(boundary_ratio=0.9, image_encoder=[None, None], image_processor=[None, None])),
    "wan22-a14b": model(
        "WanPipeline", t5(32, 8, 4, 2, 64), wan_dit(16, 2, 16, 2, 40), wan_vae(16, 8), UNIPC,
        ("BF16", "BF16", "F32"), "60KB", umt5_pieces=True, expert=True,
        index=dict(boundary_ratio=0.875)),
}

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def train_tokenizer(umt5=False):
    """
    A unigram model laid out as T5's: <pad> 0, </s> 1, <unk> 2, no <s>; or as UMT5's: <s> 2,
    <unk> 3, and pieces that stand for bytes.
    """
    layout = dict(bos_id=2, unk_id=3, byte_fallback=True, vocab_size=436) if umt5 else dict(
        bos_id=-1, unk_id=2, vocab_size=180)
    proto = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4), model_writer=proto, model_type="unigram",
        hard_vocab_limit=False, pad_id=0, eos_id=1, normalization_rule_name="nmt_nfkc",
        character_coverage=1.0, num_threads=1, minloglevel=2, **layout)
    return proto.getvalue()


def write_tokenizer(folder, proto, length, umt5=False):
    """The files of a published tokenizer folder; UMT5's names the beginning too."""
    folder.mkdir(parents=True)
    (folder / "spiece.model").write_bytes(proto)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=proto).get_piece_size()
    extra = [f"<extra_id_{i}>" for i in range(100)]
    special = {name: dict(content=text, lstrip=False, normalized=False, rstrip=False,
                          single_word=False)
               for name, text in (("eos_token", "</s>"), ("pad_token", "<pad>"),
                                  ("unk_token", "<unk>"), ("bos_token", "<s>"))
               if umt5 or name != "bos_token"}
    write_json(folder / "added_tokens.json", {e: pieces + 99 - i for i, e in enumerate(extra)})
    write_json(folder / "special_tokens_map.json", {"additional_special_tokens": extra} | special)
    write_json(folder / "tokenizer_config.json", dict(
        additional_special_tokens=extra, clean_up_tokenization_spaces=True, eos_token="</s>",
        extra_ids=100, legacy=True, model_max_length=length, pad_token="<pad>", sp_model_kwargs={},
        tokenizer_class="T5Tokenizer", unk_token="<unk>", **({"bos_token": "<s>"} if umt5 else {})))


def resave_tokenizer(folder):
    """Replaces the published files by those that transformers writes today."""
    tokenizer = T5Tokenizer.from_pretrained(folder)
    for path in folder.iterdir():
        path.unlink()
    tokenizer.save_pretrained(folder)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def spread_for(name, shape):
    """Standard deviation that keeps activations near one; (mean, deviation)."""
    leaf = name.split(".")[-1]
    if name.endswith(("per_channel_scale1", "per_channel_scale2")):
        return 0.0, 0.0
    if name.endswith("timestep_scale_multiplier"):
        return 1000.0, 0.0
    if leaf == "latents_mean":
        return 0.2, 0.5
    if leaf == "latents_std":
        return 1.1, 0.2
    if leaf == "scale_shift_table":
        return 0.1, 0.5
    # Small inputs to a normalisation show its epsilon.
    small = 0.02 if name.startswith(("decoder.conv_in", "proj_in", "patch_embedding")) or (
        ".to_q." in name or ".to_k." in name) else 1.0
    if leaf == "pos_embed":
        return 0.0, 0.7
    if leaf == "bias":
        return 0.0, 0.2 * small
    if "relative_attention_bias" in name:
        return 0.0, 1.0
    if len(shape) < 2 or leaf == "gamma":
        return 1.0, 0.3
    if name.endswith(("shared.weight", "embed_tokens.weight")):
        return 0.0, 1.0
    fan_in = math.prod(shape[1:])
    gain = small
    if "SelfAttention.q" in name:
        gain = shape[0] ** -0.25  # T5 does not scale its attention
    if name in ("decoder.conv_out.conv.weight", "decoder.conv_out.weight"):
        gain = 0.7
    elif "embedder.linear" in name:
        gain = 1.4
    return 0.0, gain / math.sqrt(fan_in)


def fill(module, generator):
    with torch.no_grad():
        for name, tensor in module.state_dict(keep_vars=True).items():
            mean, deviation = spread_for(name, tensor.shape)
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * deviation + mean)


def build_vision(folder, spec):
    """The vision encoder; writes the settings of its pictures, and lists both in the index."""
    of = spec["vision"]
    side = of["config"]["image_size"]
    CLIPImageProcessor(size=dict(shortest_edge=of["shortest"]),
                       crop_size=dict(height=side, width=side)).save_pretrained(
                           folder / "image_processor")
    kind = CLIPVisionModelWithProjection if of["projects"] else CLIPVisionModel
    spec["index"] |= dict(image_encoder=["transformers", kind.__name__],
                          image_processor=["transformers", "CLIPImageProcessor"])
    return kind(CLIPVisionConfig(**of["config"]))


def build(folder, spec, seed):
    """Writes the checkpoint that `spec` (one of MODELS) describes into a new folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    family = FAMILIES[spec["pipeline"]]

    proto = train_tokenizer(spec["umt5_pieces"])
    write_tokenizer(folder / "tokenizer", proto, family.text_length, spec["umt5_pieces"])
    if not spec["spiece"]:
        resave_tokenizer(folder / "tokenizer")
    pieces = sentencepiece.SentencePieceProcessor(model_proto=proto).get_piece_size()
    text_encoder = family.text_encoder(family.text_config(vocab_size=pieces + 112, **spec["t5"]))
    transformer = family.transformer(**{family.text_width: spec["t5"]["d_model"]}, **spec["dit"])
    vae = family.vae(**spec["vae"])

    parts = [("text_encoder", text_encoder), ("transformer", transformer), ("vae", vae)]
    storages = list(spec["storage"])
    if spec["expert"]:
        parts.append(("transformer_2", family.transformer(**transformer.config)))
        storages.append(storages[1])
    if spec["vision"]:
        parts.append(("image_encoder", build_vision(folder, spec)))
        storages.append(storages[0])
    for (name, module), storage in zip(parts, storages):
        fill(module, generator)
        more = {"max_shard_size": spec["shard"]} if spec["shard"] else {}
        module.to(DTYPES[storage]).save_pretrained(folder / name, **more)

    config = json.loads((folder / "vae" / "config.json").read_text())
    write_json(folder / "vae" / "config.json",
               {key: value for key, value in config.items() if key not in spec["drop"]})

    unipc = "use_flow_sigmas" in spec["scheduler"]
    scheduler = (UniPCMultistepScheduler if unipc else FlowMatchEulerDiscreteScheduler)(
        **spec["scheduler"])
    scheduler.save_pretrained(folder / "scheduler")
    if spec["expert"]:
        spec["index"]["transformer_2"] = ["diffusers", family.transformer.__name__]
    write_json(folder / "model_index.json", {
        "_class_name": spec["pipeline"], "_diffusers_version": "0.32.0.dev0",
        "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": ["transformers", family.text_encoder.__name__],
        "tokenizer": ["transformers", "T5Tokenizer"],
        "transformer": ["diffusers", family.transformer.__name__],
        "vae": ["diffusers", family.vae.__name__], **spec["index"],
    })
    return folder
