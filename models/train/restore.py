"""A work folder from a released model, to train it further where its checkpoints are not at hand.

    python -m models.train.restore --work DIR --model models/default --step 9020

It takes the place of the steps `transform`, `text`, `reader` and `regress`. The model's folder
holds running means in half precision: the optimizers begin anew, all else goes on.
"""

import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from transformers import T5EncoderModel

from . import common, transform


def response(encoder) -> torch.Tensor:
    """What each code of a cell takes from the pixels of its own and the eight cells around it.

    The encoder is linear but for rounding: its gradient is the same everywhere.
    [128, 3, 8, 96, 96]
    """
    t, h, w = transform.BLOCK
    pixels = torch.zeros(1, 3, 1 + t, 3 * h, 3 * w, requires_grad=True)
    codes = encoder(pixels)[0, :transform.CHANNELS, 1, 1, 1]
    rows = [torch.autograd.grad(code, pixels, retain_graph=True)[0] for code in codes]
    return torch.cat(rows)[:, :, 1:]


def basis_of(encoder) -> torch.Tensor:
    """The orthonormal basis behind the encoder's codes: [128, 3, 8, 32, 32].

    A code is a product with lapped pixels, so the way back of the mixing, transposed, is taken from
    what it takes of plain ones. The encoder only comes near that: the nearest orthonormal rows give
    codes that its decoder shows with 2 dB less error than the encoder's own.
    """
    _, h, w = transform.BLOCK
    lapped = transform.lap_axis(response(encoder), -2, True, transposed=True)
    lapped = transform.lap_axis(lapped, -1, True, transposed=True)
    rows = lapped[..., h:2 * h, w:2 * w]
    u, _, v = torch.linalg.svd(rows.flatten(1).double(), full_matrices=False)
    return (u @ v).float().view_as(rows)


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--step", type=int, default=0, help="how many the model has been trained for")
    args = p.parse_args()
    common.start(args)
    shutil.copyfile(args.model / "tokenizer" / "spiece.model", args.work / "spiece.model")
    vae = AutoencoderKLLTXVideo.from_pretrained(args.model / "vae", torch_dtype=torch.float32)
    common.save({"top": basis_of(vae.encoder), "mean": vae.latents_mean,
                 "latents_std": vae.latents_std}, args.work / "basis.pt")
    for part in ("decoder", "encoder"):
        state = getattr(vae, part).state_dict()
        common.save({"net": state, "ema": state, "step": 0}, args.work / f"{part}.pt")
    dit = LTXVideoTransformer3DModel.from_pretrained(args.model / "transformer",
                                                     torch_dtype=torch.float32).state_dict()
    text = T5EncoderModel.from_pretrained(args.model / "text_encoder",
                                          torch_dtype=torch.float32).state_dict()
    common.save(common.begun(dit, text, args.step), args.work / "dit.pt")


if __name__ == "__main__":
    main()
