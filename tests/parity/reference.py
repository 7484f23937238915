# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the diffusers pipeline in float32 on the CPU and returns the tensors of `t2v --dump`.

The real pipeline class does all the work. What it draws with `randn_tensor` is taken from the noise
that is given, in its order (latents, then the decoder's); modules are watched through hooks.
"""

import contextlib
import dataclasses

import diffusers
import torch
from diffusers.pipelines.ltx import pipeline_ltx, pipeline_ltx_condition

PIPELINES = {
    "LTXPipeline": diffusers.LTXPipeline,
    "LTXConditionPipeline": diffusers.LTXConditionPipeline,
}


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
    seed: int = 0
    decode_timestep: float | None = None
    decode_noise_scale: float | None = None

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


def made_size(pipeline, request):
    """Width, height and frames that the model makes: the next multiples, to be cropped."""
    space = max(32, pipeline.vae_spatial_compression_ratio)
    time = pipeline.vae_temporal_compression_ratio
    return (-(-request.width // space) * space, -(-request.height // space) * space,
            -(-(request.frames - 1) // time) * time + 1)


def latent_shape(pipeline, request):
    """[C, F', H', W'] of the made size."""
    width, height, frames = made_size(pipeline, request)
    space = pipeline.vae_spatial_compression_ratio
    time = pipeline.vae_temporal_compression_ratio
    return (pipeline.transformer.config.in_channels, (frames - 1) // time + 1, height // space,
            width // space)


def draw_noise(pipeline, request, seed):
    """What a --noise file holds."""
    generator = torch.Generator().manual_seed(seed)
    shape = latent_shape(pipeline, request)
    noise = {"noise": torch.randn(shape, generator=generator)}
    if pipeline.vae.config.timestep_conditioning:
        noise["decode_noise"] = torch.randn(shape, generator=generator)
    return noise


@contextlib.contextmanager
def draws_from(tensors):
    """Within this context the pipelines' randn_tensor hands out `tensors`, one after another."""
    queue = list(tensors)

    def next_tensor(shape, generator=None, device=None, dtype=None, layout=None):
        tensor = queue.pop(0)[None]
        assert tensor.shape == torch.Size(shape), (tensor.shape, shape)
        return tensor.to(dtype=dtype)

    modules = (pipeline_ltx, pipeline_ltx_condition)
    saved = [module.randn_tensor for module in modules]
    for module in modules:
        module.randn_tensor = next_tensor
    try:
        yield
        assert not queue, f"{len(queue)} tensors of noise were not used"
    finally:
        for module, function in zip(modules, saved):
            module.randn_tensor = function


class Watch:
    """Keeps what goes through the pipeline's modules during one run."""

    def __init__(self, pipeline):
        self.texts = []
        self.first_output = None
        self.latents = None
        self.pipeline = pipeline

    def __enter__(self):
        self.hooks = [
            self.pipeline.text_encoder.register_forward_hook(self.on_text),
            self.pipeline.transformer.register_forward_hook(self.on_transformer),
        ]
        denormalize = self.pipeline._denormalize_latents

        def keep_and_denormalize(latents, *arguments):
            self.latents = latents[0].clone()
            return denormalize(latents, *arguments)

        self.pipeline._denormalize_latents = keep_and_denormalize
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()
        del self.pipeline._denormalize_latents

    def on_text(self, module, arguments, output):
        self.texts.append((arguments[0][0].clone(), output[0][0].clone()))

    def on_transformer(self, module, arguments, output):
        if self.first_output is None:
            # with guidance the batch is [unconditional, conditional]
            self.first_output = output[0][-1:].clone()


def run(pipeline, request, noise=None):
    """
    The tensors of a dump. With `noise` (as from draw_noise) these numbers are used, without it the
    pipeline draws its own from a CPU generator with the request's seed.
    """
    width, height, frames = made_size(pipeline, request)
    options = dict(
        prompt=request.prompt, negative_prompt=request.negative, width=width, height=height,
        num_frames=frames, frame_rate=request.rate_value(), num_inference_steps=request.steps,
        guidance_scale=request.guidance, output_type="pt")
    if request.decode_timestep is not None:
        options["decode_timestep"] = request.decode_timestep
    if request.decode_noise_scale is not None:
        options["decode_noise_scale"] = request.decode_noise_scale

    torch.manual_seed(0)
    if noise is None:
        context = contextlib.nullcontext()
        options["generator"] = torch.Generator("cpu").manual_seed(request.seed)
    else:
        context = draws_from(noise.values())
    with context, Watch(pipeline) as watch:
        video = pipeline(**options).frames[0]

    shape = latent_shape(pipeline, request)
    result = {
        "token_ids": watch.texts[0][0],
        "prompt_embeds": watch.texts[0][1],
        "step0_output": pipeline._unpack_latents(watch.first_output, *shape[1:])[0],
        "latents": watch.latents,
        "video": crop(video, request),
    }
    if len(watch.texts) > 1:
        result["negative_embeds"] = watch.texts[1][1]
    return {name: tensor.contiguous() for name, tensor in result.items()}


def crop(video, request):
    """The middle of the picture and the first frames of [F, 3, H, W]."""
    top = (video.shape[2] - request.height) // 2
    left = (video.shape[3] - request.width) // 2
    return video[:request.frames, :, top:top + request.height, left:left + request.width]
