"""The text encoder, first taught to read: from a caption to the facts that it states.

    python -m models.train.reader --work DIR --minutes 10     # writes DIR/text.pt; dit.py starts from it

Pictures teach words slowly: a step sees few captions, and most of its loss is about other things.
Captions alone cost nothing. The mean of the encoder's states must tell kind, colours, speed and
whatever else a scene's facts are; a transformer whose attention starts out even sees that mean.
"""

import time

import numpy as np
import torch
import torch.nn.functional as F

from . import common, dit
from .text import Tokenizer


class Facts:
    """Draws captions of every kind, and numbers the values of every fact."""

    def __init__(self, tokenizer, seed: int):
        from models.scenes import KINDS
        self.kinds, self.tokenizer = KINDS, tokenizer
        self.rng, self.names = np.random.default_rng(seed), sorted(KINDS)
        self.values = {}
        for _ in range(200):
            for name in self.names:
                for key, value in self.plain(KINDS[name].facts(self.rng)).items():
                    table = self.values.setdefault(key, {})
                    table.setdefault(value, len(table))

    @staticmethod
    def plain(facts: dict) -> dict:
        return {k: v for k, v in facts.items() if v is None or isinstance(v, str)}

    def batch(self, count: int):
        """Token ids, mask, and {fact: class of each caption, −1 where the kind has no such fact}."""
        from models.captions import caption
        texts, wanted = [], {key: torch.full((count,), -1) for key in self.values}
        for i in range(count):
            name = self.names[self.rng.integers(len(self.names))]
            facts = self.kinds[name].facts(self.rng)
            texts.append(caption(facts, self.rng, language=("en", "zh")[i % 2]))
            for key, value in self.plain(facts).items():
                wanted[key][i] = self.values[key].get(value, -1)
        return *self.tokenizer(texts), wanted


def read(text, heads, ids, mask) -> dict:
    states = text(input_ids=ids, attention_mask=mask)[0]
    mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return {key: head(mean) for key, head in heads.items()}


def main() -> None:
    p = common.parser(__doc__)
    p.add_argument("--minutes", type=float, default=10)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--batch", type=int, default=96)
    args = p.parse_args()
    common.start(args)
    torch.manual_seed(0)
    facts = Facts(Tokenizer(args.work), 1)
    _, text = dit.build(facts.tokenizer.sp.get_piece_size())
    heads = torch.nn.ModuleDict({k: torch.nn.Linear(dit.WIDTH, len(v))
                                 for k, v in facts.values.items()})
    text.to(args.device), heads.to(args.device)
    opt = torch.optim.AdamW([*text.parameters(), *heads.parameters()], lr=args.lr,
                            betas=(.9, .98), weight_decay=.01)
    began, step, means = time.time(), 0, {}
    while (left := 1 - (time.time() - began) / 60 / args.minutes) > 0:
        ids, mask, wanted = facts.batch(args.batch)
        with torch.autocast(args.device, torch.bfloat16):
            out = read(text, heads, ids.to(args.device), mask.to(args.device))
        losses = {k: F.cross_entropy(out[k].float(), wanted[k].to(args.device), ignore_index=-1)
                  for k in out if (wanted[k] >= 0).any()}
        loss = sum(v for k, v in losses.items()) + 2 * losses["kind"]
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(text.parameters(), 1.)
        for g in opt.param_groups:
            g["lr"] = args.lr * min(1, (step + 1) / 50, left / .5)
        opt.step()
        step += 1
        for key in ("kind", "colour", "colour2", "background", "speed", "direction"):
            right = (out[key].argmax(1).cpu() == wanted[key])[wanted[key] >= 0].float()
            if len(right):
                means[key] = means.get(key, 0) + .02 * (right.mean().item() - means.get(key, 0))
        if step % 100 == 0:
            print(time.strftime("%H:%M:%S"), f"step {step}, {left * args.minutes:.1f} min left, "
                  "right: " + ", ".join(f"{k} {v:.2f}" for k, v in means.items()), flush=True)
    common.save({"text": text.state_dict(), "step": step}, args.work / "text.pt")


if __name__ == "__main__":
    main()
