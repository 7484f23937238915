"""Flow matching: noise levels, where the cells of a window are, what the transformer sees of a window, and what an error costs."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers.pipelines.ltx.pipeline_ltx_condition import linear_quadratic_schedule

from . import transform


def schedule(steps: int) -> tuple:
    """Noise levels at which LTXConditionPipeline asks."""
    return tuple(linear_quadratic_schedule(steps).tolist())


SHAPES = .7                                   # see channel_weight
KNOWN_NOISE = 0.15                            # the pipeline's image_cond_noise_scale
JUMPS = .5                                    # see Jumps
ALIKE = .8                                    # see Shares
ASKED = .6                                    # of the lessons are at LEVELS
LEVELS = schedule(8)                          # at which the pipeline will ask, also in four steps
LAYOUT = LEVELS[:5]                           # where little but words says what is to be seen
PICTURES = .9                                 # of the lessons on single pictures are at these


@dataclass
class Windows:
    """A batch of windows and their captions."""

    latents: torch.Tensor                     # [B, 128, F, h, w]
    tokens: tuple                             # of the captions: ids and mask, [B, L] each
    coords: torch.Tensor                      # [B, 3, tokens], of the goal's first
    known: int                                # latent frames in front that are given
    goal: torch.Tensor | None                 # [B, 128, 1, h, w]: the picture to arrive at
    kinds: tuple                              # of the scenes: B names

    def to(self, device):
        tokens = tuple(t.to(device) for t in self.tokens)
        goal = self.goal if self.goal is None else self.goal.to(device)
        return Windows(self.latents.to(device), tokens, self.coords.to(device), self.known, goal,
                       self.kinds)

    @property
    def wanted(self):
        """The latents that are to be made."""
        return self.latents[:, :, self.known:]


def grid(times, h, w, rates):
    """[B, 3, tokens]: seconds, rows and columns in pixels, as the pipeline counts them."""
    out = torch.stack(torch.meshgrid(times, torch.arange(h) * 32., torch.arange(w) * 32.,
                                     indexing="ij")).flatten(1)
    out = out[None].repeat(len(rates), 1, 1)
    out[:, 0] /= torch.tensor(rates, dtype=torch.float32)[:, None]
    return out


def coordinates(frames, h, w, rates, middle):
    f = torch.arange(frames) * 8.
    return grid(f + 1 if middle else (f - 7).clamp_min(0), h, w, rates)


def goal_coordinates(frames, h, w, rates, middle):
    """Of the last picture of a window."""
    return grid(torch.tensor([8. * (frames if middle else frames - 1)]), h, w, rates)


def draw_sigma(count: int) -> torch.Tensor:
    """Noise levels: those of the pipeline, of which five in eight are near the top, and others.

    The others are spread for latents as wide as the noise, then moved to GAIN times that: three tenths
    are even, most lie in the middle, an eighth near the top. They cover all of it in any batch: chance
    would leave gaps in small ones.
    """
    v = (torch.randperm(count) + torch.rand(count)) / count
    middle = torch.sigmoid(.4 + 1.2 * torch.special.ndtri(((v - .3) / .58).clamp(1e-4, 1 - 1e-4)))
    u = torch.where(v < .3, v / .3, torch.where(v < .88, middle, .9 + .1 * (v - .88) / .12))
    others = transform.GAIN * u / (1 - u + transform.GAIN * u)
    return instead(others, LEVELS, ASKED)


def instead(sigma, levels: tuple, share: float):
    """A share of the noise levels replaced by some of `levels`."""
    chosen = torch.tensor(levels)[torch.randint(len(levels), sigma.shape)]
    return torch.where(torch.rand(sigma.shape) < share, chosen, sigma)


def visible_noise(sigma):
    """Its noise level, were latents as wide as the noise: the way back of draw_sigma's last line."""
    return sigma / (sigma + transform.GAIN * (1 - sigma))


def noisy(clean, noise, sigma):
    s = sigma.view(-1, 1, 1, 1, 1)
    return (1 - s) * clean + s * noise


@dataclass
class Lesson:
    """Latents on their way from noise to a clip, and what the model is to say of them."""

    x: torch.Tensor                           # [B, 128, F, h, w], of the size of Windows.wanted
    sigma: torch.Tensor                       # [B]: their noise levels
    velocity: torch.Tensor                    # as x
    counted: torch.Tensor                     # [B]: the noise levels as at which errors of the clip count


def lesson(windows: Windows) -> Lesson:
    """Of drawn clips with noise on them.

    Single pictures are there to teach what words look like, and where: a stream has none.
    """
    noise = torch.randn_like(windows.wanted)
    sigma = draw_sigma(len(noise))
    if windows.latents.shape[2] == 1:
        sigma = instead(sigma, LAYOUT, PICTURES)
    sigma = sigma.to(noise.device)
    return Lesson(noisy(windows.wanted, noise, sigma), sigma, noise - windows.wanted, sigma)


def behind_given(windows: Windows, x, sigma):
    """x, latents of the size of windows.wanted, behind the goal and what is known.

    These are as noisy as the pipeline makes them.
    """
    given = windows.latents[:, :, :windows.known]
    if windows.goal is not None:
        given = torch.cat([windows.goal, given], 2)
    noise = KNOWN_NOISE * torch.randn_like(given) * sigma.view(-1, 1, 1, 1, 1) ** 2
    return torch.cat([given + noise, x], 2)


def velocity(dit, text, windows: Windows, x, sigma):
    """What the model says of the wanted latents in x, which come behind those that are given."""
    ids, mask = windows.tokens
    frames, h, w = x.shape[2:]
    given = frames - windows.wanted.shape[2]
    time = sigma[:, None] * 1000              # one for all tokens, which costs less than one for each
    if given:
        time = time[..., None].repeat(1, frames, h * w)
        time[:, :given] = 0
        time = time.flatten(1)
    states = text(input_ids=ids, attention_mask=mask)[0]
    v = dit(x.flatten(2).transpose(1, 2), states, time, mask,
            video_coords=windows.coords, return_dict=False)[0].float()
    return v.transpose(1, 2).unflatten(2, (frames, h, w))[:, :, given:]


def channel_weight(basis) -> torch.Tensor:
    """Of the loss: more for broad shapes, whose codes spread widely, than for fine detail."""
    weight = (basis["latents_std"] * transform.GAIN).pow(SHAPES)
    return weight / weight.mean()


class Jumps(torch.nn.Module):
    """How far an error of the latents makes a picture jump from one latent frame to the next.

    A viewer sees the first picture of eight beside the last one of the eight before. To the plain
    loss that is one picture of eight; the others, which nothing foretells, drown what they teach.
    """

    def __init__(self, basis):
        super().__init__()
        shown = basis["top"] * basis["latents_std"].view(-1, 1, 1, 1, 1)
        ends = torch.cat([shown[:, :, 0], shown[:, :, -1]]).flatten(1)
        few = torch.linalg.qr(ends.T).R                           # as long, of fewer numbers
        self.register_buffer("first", few[:, :len(shown)])
        self.register_buffer("last", few[:, len(shown):])
        # 1 for errors as wide as noise
        self.register_buffer("scale", transform.BLOCK[0] / shown.pow(2).sum())

    def forward(self, error):
        """Of errors [B, 128, F, h, w], of which the first frame has something before it: [B]."""
        e = error.movedim(1, -1)
        jump = e[:, 1:] @ self.first.T - e[:, :-1] @ self.last.T
        return jump.pow(2).sum(-1).mean((1, 2, 3)) * self.scale


class Cost(torch.nn.Module):
    """Of errors of the velocity: one number for each window."""

    def __init__(self, basis):
        super().__init__()
        self.register_buffer("channels", channel_weight(basis).view(-1, 1, 1, 1))
        self.jumps = Jumps(basis)

    def forward(self, said, lesson: Lesson, windows: Windows):
        """said: the velocity that the model took it for."""
        sigma = lesson.counted.clamp_min(1e-6)
        error = (said - lesson.velocity) * (lesson.sigma / sigma).view(-1, 1, 1, 1, 1)
        cost, g = (error.pow(2) * self.channels).mean((1, 2, 3, 4)), transform.GAIN
        before = min(windows.known, 1)
        if error.shape[2] + before > 1:
            # of the latents that come of it: little where noise is
            jumps = self.jumps(F.pad(error, (0, 0, 0, 0, before, 0)))
            cost = cost + JUMPS * visible_noise(sigma) * jumps
        return cost * ((sigma + g * (1 - sigma)) / g) ** 2


class Shares:
    """Lets all kinds of scene teach almost alike.

    A ball before a wall leaves a tenth of the error that confetti does: of small things on plain
    grounds little would be learned. Weights that depend on what a caption tells leave the mean that
    is learned what it was.
    """

    def __init__(self):
        self.means = {}                       # of what windows of a kind cost

    def __call__(self, costs, windows: Windows):
        for kind, cost in zip(windows.kinds, costs.tolist()):
            mean = self.means.get(kind, cost)
            self.means[kind] = mean + .05 * (cost - mean)
        usual = sum(self.means.values()) / len(self.means)
        weights = [(usual / max(self.means[kind], 1e-6)) ** ALIKE for kind in windows.kinds]
        return costs * torch.tensor(weights, device=costs.device)
