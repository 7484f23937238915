# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the diffusers pipeline in float32 on the CPU and returns the tensors of `t2v --dump`.

The real pipeline class does all the work. What it draws with `randn_tensor` is taken from the noise
that is given, in its order (see `queue`); modules are watched through hooks.
"""

import contextlib
import dataclasses
import types

import diffusers
import numpy
import torch
from diffusers.models.autoencoders import vae
from diffusers.pipelines.ltx import (
    pipeline_ltx,
    pipeline_ltx_condition,
    pipeline_ltx_image2video,
)
from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition
from diffusers.pipelines.wan import pipeline_wan, pipeline_wan_i2v

import pictures

PIPELINES = {
    "LTXPipeline": diffusers.LTXPipeline,
    "LTXConditionPipeline": diffusers.LTXConditionPipeline,
    "WanPipeline": diffusers.WanPipeline,
    "WanImageToVideoPipeline": diffusers.WanImageToVideoPipeline,
}
# An optional package, which mends broken encodings; t2v does what the pipeline does without it.
pipeline_wan.is_ftfy_available = lambda: False
pipeline_wan_i2v.ftfy = types.SimpleNamespace(fix_text=lambda text: text)


@dataclasses.dataclass
class Request:
    """What one generation asks for; None leaves an option to its default."""

    prompt: str
    negative: str | None = None
    width: int = 64
    height: int = 64
    frames: int = 9
    rate: str = "24"
    steps: int = 2
    guidance: float = 1.0
    guidance_2: float | None = None  # of a second transformer
    seed: int = 0
    decode_timestep: float | None = None
    decode_noise_scale: float | None = None
    image: tuple[int, int] | None = None  # the size of a picture
    last_image: tuple[int, int] | None = None
    clip: tuple[int, int, int] | None = None  # size and length of a video to go on from
    loras: tuple = ()  # (form, weight[, transformer]), see loras.py
    sigmas: tuple = ()  # of the caller's own, one for each step
    cache: float | None = None  # threshold of the first-block cache
    unsaid: bool = False  # t2v is to find steps, sigmas and guidance in the model's file

    def __post_init__(self):
        self.steps = len(self.sigmas) or self.steps

    def rate_value(self):
        numerator, _, denominator = self.rate.partition("/")
        return int(numerator) / int(denominator or 1)


def load(folder):
    """The pipeline that model_index.json names, all weights as float32."""
    index = diffusers.DiffusionPipeline.load_config(str(folder))
    pipeline = PIPELINES[index["_class_name"]].from_pretrained(
        str(folder), torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def is_wan(pipeline):
    return isinstance(pipeline, (diffusers.WanPipeline, diffusers.WanImageToVideoPipeline))


def ratios(pipeline):
    """Pixels of a latent position, pictures of a latent frame."""
    if is_wan(pipeline):
        return pipeline.vae_scale_factor_spatial, pipeline.vae_scale_factor_temporal
    return pipeline.vae_spatial_compression_ratio, pipeline.vae_temporal_compression_ratio


def round_up(number, multiple):
    return -(-number // multiple) * multiple


def pictures_before(pipeline, request):
    """Pictures of the clip that are given, in front of the first new one."""
    if not request.clip:
        return 0
    if is_wan(pipeline):
        return 1
    time = ratios(pipeline)[1]
    return (min(request.clip[2], time + 1) - 1) // time * time + 1


def given_latents(pipeline, request):
    """Latent frames that are given at the beginning and at the end."""
    before = pictures_before(pipeline, request)
    first = (before - 1) // ratios(pipeline)[1] + 1 if before else request.image is not None
    return int(first), int(request.last_image is not None)


def latent_shape(pipeline, request):
    """[C, F', H', W'] of what the model makes: the next multiples, to be cropped."""
    space, time = ratios(pipeline)
    config = pipeline.transformer.config
    if is_wan(pipeline):
        # the pipeline wants sizes that 16 divides, whatever the model can make
        made = [round_up(size, space * config.patch_size[1]) for size in
                (request.width, request.height)]
        assert not any(size % 16 for size in made), "the pipeline makes no such size"
        patch_time, patch = config.patch_size[:2]
        step = space * patch
        channels = config.out_channels
    else:
        patch_time, step, channels = 1, max(32, space), config.in_channels
    frames = pictures_before(pipeline, request) + request.frames
    return (channels, round_up(-(-(frames - 1) // time) + 1, patch_time),
            round_up(request.height, step) // space, round_up(request.width, step) // space)


def made_size(pipeline, request):
    """Width, height and frames of that."""
    space, time = ratios(pipeline)
    _, frames, height, width = latent_shape(pipeline, request)
    return width * space, height * space, (frames - 1) * time + 1


def is_condition(pipeline):
    return isinstance(pipeline, diffusers.LTXConditionPipeline)


def draw_noise(pipeline, request, seed):
    """What a --noise file holds."""
    generator = torch.Generator().manual_seed(seed)
    shape = latent_shape(pipeline, request)
    count = sum(given_latents(pipeline, request))
    given = (shape[0], count, *shape[2:])
    noise = {"noise": torch.randn(shape, generator=generator)}
    if count and not is_wan(pipeline):  # Wan takes the mean
        noise["encode_noise"] = torch.randn(given, generator=generator)
        if is_condition(pipeline):
            noise["cond_noise"] = torch.randn((request.steps, *given), generator=generator)
    if not is_wan(pipeline) and pipeline.vae.config.timestep_conditioning:
        noise["decode_noise"] = torch.randn(shape, generator=generator)
    return noise


@contextlib.contextmanager
def rounded_otherwise(pipeline, seed):
    """A pipeline whose transformer's weights are off by about half a unit in the last place."""
    parameters = list(pipeline.transformer.parameters())
    kept = [parameter.detach().clone() for parameter in parameters]
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in parameters:
            parameter *= 1 + 6e-8 * torch.randn(parameter.shape, generator=generator)
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(parameters, kept):
                parameter.copy_(value)


def queue(pipeline, request, noise):
    """The tensors of a --noise file as the pipeline draws them, one after another."""
    channels, frames, height, width = noise["noise"].shape
    posteriors = []
    if "encode_noise" in noise:
        counts = [count for count in given_latents(pipeline, request) if count]
        posteriors = noise["encode_noise"].split(counts, dim=1)
    if not is_condition(pipeline):
        yield from posteriors
    yield noise["noise"]
    if is_condition(pipeline):
        yield from posteriors
        if request.last_image:
            yield torch.zeros(channels, 1, height, width)  # which full strength leaves nothing of
        extra = height * width if request.last_image else 0
        for step in noise.get("cond_noise", ()):
            given = step.permute(1, 2, 3, 0).flatten(0, 2)
            rest = torch.zeros(extra + frames * height * width - len(given), channels)
            yield torch.cat([given, rest])
    if "decode_noise" in noise:
        yield noise["decode_noise"]


@contextlib.contextmanager
def draws_from(tensors):
    """Within this context whatever the pipelines draw is one of `tensors`, one after another."""
    tensors = iter(tensors)

    def next_tensor(shape, generator=None, device=None, dtype=None, layout=None):
        tensor = next(tensors)[None]
        assert tensor.shape == torch.Size(shape), (tensor.shape, shape)
        return tensor.to(dtype=dtype)

    class Torch:
        """For the one place where a pipeline draws with torch.randn."""

        randn = staticmethod(next_tensor)

        def __getattr__(self, name):
            return getattr(torch, name)

    modules = (pipeline_ltx, pipeline_ltx_condition, pipeline_ltx_image2video, pipeline_wan,
               pipeline_wan_i2v, vae)
    saved = [module.randn_tensor for module in modules]
    for module in modules:
        module.randn_tensor = next_tensor
    pipeline_ltx_image2video.torch = Torch()
    try:
        yield
        assert next(tensors, None) is None, "some noise was not used"
    finally:
        pipeline_ltx_image2video.torch = torch
        for module, function in zip(modules, saved):
            module.randn_tensor = function


class Watch:
    """Keeps what goes through the pipeline's modules during one run."""

    def __init__(self, pipeline):
        self.texts = []
        self.first_output = None
        self.latents = None
        self.known = None  # latents that are given, and a mask of those that are not
        self.pipeline = pipeline

    def __enter__(self):
        self.hooks = [
            self.pipeline.text_encoder.register_forward_hook(self.on_text),
            self.pipeline.transformer.register_forward_hook(self.on_transformer),
        ]
        if is_wan(self.pipeline):
            return self.watch_preparation()
        denormalize = self.pipeline._denormalize_latents

        def keep_and_denormalize(latents, *arguments):
            self.latents = latents[0].clone()
            return denormalize(latents, *arguments)

        self.pipeline._denormalize_latents = keep_and_denormalize
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()
        if is_wan(self.pipeline):
            del self.pipeline.prepare_latents
        else:
            del self.pipeline._denormalize_latents

    def watch_preparation(self):
        prepare = self.pipeline.prepare_latents

        def prepare_and_keep(*arguments, **more):
            prepared = prepare(*arguments, **more)
            if isinstance(prepared, tuple) and len(prepared) == 3:
                self.known = prepared[1][0], prepared[2][0]
            return prepared

        self.pipeline.prepare_latents = prepare_and_keep
        return self

    def on_text(self, module, arguments, output):
        ids, embeddings = arguments[0][0].clone(), output[0][0].clone()
        if is_wan(self.pipeline):
            embeddings[int(arguments[1].sum()):] = 0
        self.texts.append((ids, embeddings))

    def on_step(self, pipeline, step, timestep, tensors):
        self.latents = tensors["latents"][0].clone()
        if self.known:  # as the pipeline does after its last step
            given, moving = self.known
            self.latents = (1 - moving) * given + moving * self.latents
        return {}

    def on_transformer(self, module, arguments, output):
        if self.first_output is None:
            # with guidance LTX's batch is [unconditional, conditional]; Wan's first call is
            # the conditional one
            self.first_output = output[0][-1:].clone()


def given_pictures(pipeline, request, paths):
    """(pipeline, arguments) that take the pictures."""
    width, height, frames = made_size(pipeline, request)
    found = {option: pictures.load(path, width, height) for option, path in paths.items()
             if option != "continue"}
    clip = None
    if request.clip:
        clip = pictures.load_clip(paths["continue"], width, height,
                                  pictures_before(pipeline, request))
    if not paths:
        return pipeline, {}
    if clip is not None and len(clip) == 1:
        found["image"] = clip
    if is_wan(pipeline):
        config = {key: pipeline.config[key] for key in ("expand_timesteps", "boundary_ratio")}
        pipeline = diffusers.WanImageToVideoPipeline(**pipeline.components, **config)
        pipeline.set_progress_bar_config(disable=True)
        look = pipeline.encode_image
        pipeline.encode_image = lambda given, device: look(pictures.as_bytes(given), device)
        return pipeline, found
    if not is_condition(pipeline):
        pipeline = diffusers.LTXImageToVideoPipeline(**pipeline.components)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline, found
    place = {"image": 0, "last_image": frames - 1}
    conditions = [LTXVideoCondition(image=picture, frame_index=place[option])
                  for option, picture in found.items()]
    if clip is not None and len(clip) > 1:
        conditions.insert(0, LTXVideoCondition(video=clip, frame_index=0))
    return pipeline, {"conditions": conditions}


@contextlib.contextmanager
def with_cache(pipeline, request):
    """Within this context the transformers have the first-block cache that the request asks for."""
    networks = [network for name in ("transformer", "transformer_2")
                if request.cache is not None and (network := getattr(pipeline, name, None))]
    for network in networks:
        network.enable_cache(diffusers.FirstBlockCacheConfig(threshold=request.cache))
    try:
        yield
    finally:
        for network in networks:
            network.disable_cache()


@contextlib.contextmanager
def with_sigmas(pipeline, request):
    """
    Within this context the pipeline takes the request's sigmas; its arguments for that. Those that
    have no such argument hand them to their scheduler in place of their own.
    """
    if not request.sigmas:
        yield {}
    elif is_condition(pipeline):
        yield {"timesteps": [1000 * sigma for sigma in request.sigmas]}
    else:
        scheduler = pipeline.scheduler
        original = scheduler.set_timesteps

        def set_timesteps(steps=None, device=None, sigmas=None, **more):
            original(sigmas=numpy.array(request.sigmas), device=device, **more)

        scheduler.set_timesteps = set_timesteps
        try:
            yield {}
        finally:
            del scheduler.set_timesteps


def run(pipeline, request, noise=None, paths={}):
    """
    The tensors of a dump. With `noise` (as from draw_noise) these numbers are used, without it the
    pipeline draws its own from a CPU generator with the request's seed. `paths` are the pictures'
    (as from pictures.write).
    """
    width, height, frames = made_size(pipeline, request)
    options = dict(
        prompt=request.prompt, negative_prompt=request.negative, width=width, height=height,
        num_frames=frames, num_inference_steps=request.steps, guidance_scale=request.guidance,
        output_type="pt")
    if not is_wan(pipeline):
        options["frame_rate"] = request.rate_value()
    if request.guidance_2 is not None:
        options["guidance_scale_2"] = request.guidance_2
    if request.decode_timestep is not None:
        options["decode_timestep"] = request.decode_timestep
    if request.decode_noise_scale is not None:
        options["decode_noise_scale"] = request.decode_noise_scale

    torch.manual_seed(0)
    if noise is None:
        context = contextlib.nullcontext()
        options["generator"] = torch.Generator("cpu").manual_seed(request.seed)
    else:
        context = draws_from(queue(pipeline, request, noise))
    pipeline, more = given_pictures(pipeline, request, paths)
    options |= more
    with context, with_cache(pipeline, request), Watch(pipeline) as watch, \
            with_sigmas(pipeline, request) as more:
        options |= more
        if is_wan(pipeline):
            options["callback_on_step_end"] = watch.on_step
        video = pipeline(**options).frames[0]

    shape = latent_shape(pipeline, request)
    first_output = watch.first_output
    if not is_wan(pipeline):
        own = shape[1] * shape[2] * shape[3]  # the tokens before them are of a last picture
        first_output = pipeline._unpack_latents(first_output[:, -own:], *shape[1:])
    result = {
        "token_ids": watch.texts[0][0],
        "prompt_embeds": watch.texts[0][1],
        "step0_output": first_output[0],
        "latents": watch.latents,
        "video": crop(video, pictures_before(pipeline, request), request),
    }
    if len(watch.texts) > 1:
        result["negative_embeds"] = watch.texts[1][1]
    return {name: tensor.contiguous() for name, tensor in result.items()}


def crop(video, before, request):
    """The middle of the picture and the first new frames of [F, 3, H, W]."""
    top = (video.shape[2] - request.height) // 2
    left = (video.shape[3] - request.width) // 2
    return video[before:before + request.frames, :, top:top + request.height, left:left + request.width]
