"""The judge: convolutions look at three frames of each moment, a GRU at the moments in turn."""

import hashlib

import numpy as np
import torch
from torch import nn

from models.measures import thumbs

from . import data

MOMENT = 3  # frames
WIDTHS = (32, 64, 96, 128)
STATE = 192


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        layers, last = [], 3 * MOMENT
        for width in WIDTHS:
            layers += [nn.Conv2d(last, width, 3, stride=2, padding=1, bias=False),
                       nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            last = width
        self.look = nn.Sequential(*layers, nn.Conv2d(last, last, 3, padding=1, bias=False),
                                  nn.BatchNorm2d(last), nn.ReLU(inplace=True))
        cells = last
        for side in (thumbs.HEIGHT, thumbs.WIDTH):
            cells *= -(-side // 2 ** len(WIDTHS))
        self.gather = nn.Sequential(nn.Flatten(), nn.Linear(cells, STATE), nn.ReLU())
        self.watch = nn.GRU(STATE, STATE, batch_first=True)
        self.drop = nn.Dropout(.2)
        self.heads = nn.ModuleDict({name: nn.Linear(2 * STATE, len(classes))
                                    for name, classes in data.CLASSES.items()})

    def forward(self, clips: torch.Tensor) -> dict:
        """Clips [n, looks, 3, h, w] in [0, 1] -> {fact: scores [n, classes]}."""
        n, looks = clips.shape[:2]
        moments = clips.reshape(n * looks // MOMENT, 3 * MOMENT, *clips.shape[-2:]) * 4 - 2
        moments = moments.contiguous(memory_format=torch.channels_last)
        seen = self.gather(self.look(moments)).unflatten(0, (n, -1))
        over_time, _ = self.watch(seen)
        both = self.drop(torch.cat([over_time[:, -1], seen.mean(1)], 1))
        return {name: head(both) for name, head in self.heads.items()}


def version() -> str:
    """Changes with the kinds, what draws them, and the classes."""
    text = repr((data.CLASSES, [data.version(k) for k in data.KINDS], WIDTHS, STATE, thumbs.LOOKS))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def tensor(clips: np.ndarray, device="cpu") -> torch.Tensor:
    """Bytes [n, looks, h, w, 3] -> [n, looks, 3, h, w] in [0, 1]."""
    return torch.from_numpy(clips).to(device).movedim(-1, 2).float() / 255


@torch.no_grad()
def classes(net: Judge, clips: np.ndarray) -> np.ndarray:
    """The class of each fact that each clip seems to have: [n, facts]."""
    net.eval()
    device = next(net.parameters()).device
    rows = []
    for begin in range(0, len(clips), 50):
        scores = net(tensor(clips[begin:begin + 50], device))
        rows.append(torch.stack([scores[name].argmax(1) for name in data.CLASSES], 1).cpu().numpy())
    return np.concatenate(rows)


def read(net: Judge, clips: np.ndarray) -> list:
    """What each clip seems to show, as facts."""
    return [{name: table[i] for (name, table), i in zip(data.CLASSES.items(), row)}
            for row in classes(net, clips)]
