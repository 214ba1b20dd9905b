"""One step's losses and gradients of pix2pix, after the authors' networks, for tests/it/pix2pix_golden.rs.

    pip install torch==2.9.0
    python tests/golden/pix2pix.py > tests/golden/pix2pix.json

UnetGenerator, NLayerDiscriminator and the losses are written after junyanz/pytorch-CycleGAN-and-pix2pix
(models/networks.py, models/pix2pix_model.py), with logits out of the generator and its sigmoid where the original has tanh.
Both sides fill the weights with the same formula, so that the file holds none.
"""

import json

import torch
import torch.nn.functional as F
from torch import nn

WIDTH, DOWNS, PX, BATCH, LAMBDA = 2, 5, 32, 2, 100.0


class Level(nn.Module):
    """UnetSkipConnectionBlock: a halving, what lies below, a doubling, and the input beside it."""

    def __init__(self, outer, inner, below=None, images=None):
        super().__init__()
        self.outermost, self.below = images is not None, below
        self.down = nn.Conv2d(images or outer, inner, 4, 2, 1, bias=False)
        self.up = nn.ConvTranspose2d(2 * inner if below else inner, outer, 4, 2, 1, bias=self.outermost)
        self.down_norm = None if self.outermost or below is None else nn.BatchNorm2d(inner)
        self.up_norm = None if self.outermost else nn.BatchNorm2d(outer)

    def forward(self, x):
        y = self.down(x if self.outermost else F.leaky_relu(x, 0.2))
        y = self.down_norm(y) if self.down_norm else y
        y = self.below(y) if self.below else y
        y = self.up(F.relu(y))
        return y if self.outermost else torch.cat([x, self.up_norm(y)], 1)


def generator(width, downs, images=3, masks=1):
    level = Level(8 * width, 8 * width)
    for _ in range(downs - 5):
        level = Level(8 * width, 8 * width, level)
    for outer, inner in [(4, 8), (2, 4), (1, 2)]:
        level = Level(outer * width, inner * width, level)
    return Level(masks, width, level, images)


def discriminator(width, channels=4):
    layers = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for before, after, stride in [(1, 2, 2), (2, 4, 2), (4, 8, 1)]:
        layers += [nn.Conv2d(before * width, after * width, 4, stride, 1, bias=False), nn.BatchNorm2d(after * width)]
        layers += [nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


def size(network):
    return sum(p.numel() for p in network.parameters())


def wave(number, n):
    """Values in -1..=1 that both sides can make."""
    return torch.cos(torch.arange(n, dtype=torch.float64) * 0.7 + number).float()


def fill(parameters, scale):
    for number, p in enumerate(parameters):
        values = wave(number, p.numel()) * scale
        scale_of_batch_norm = torch.equal(p.data, torch.ones_like(p))
        p.data = (values + float(scale_of_batch_norm)).reshape(p.shape)


def generator_parameters(network):
    """In the order of ours: halvings, their norms, doublings from the innermost, their norms."""
    levels = [network]
    while levels[-1].below:
        levels.append(levels[-1].below)
    down = [level.down.weight for level in levels]
    down_norm = [p for level in levels[1:-1] for p in (level.down_norm.weight, level.down_norm.bias)]
    up = [level.up.weight for level in reversed(levels)] + [network.up.bias]
    up_norm = [p for level in reversed(levels[1:]) for p in (level.up_norm.weight, level.up_norm.bias)]
    return down + down_norm + up + up_norm


def discriminator_parameters(network):
    """Convolutions, then norms."""
    convolutions = [p for layer in network if isinstance(layer, nn.Conv2d) for p in layer.parameters()]
    return convolutions + [p for layer in network if isinstance(layer, nn.BatchNorm2d) for p in layer.parameters()]


def projections(parameters):
    """Of each gradient a weighted sum and the sum of magnitudes that it is held against."""
    of = lambda g: [float((g * torch.cos(torch.arange(len(g)) * 0.7)).sum()), float(g.abs().sum())]
    return [of(p.grad.double().flatten()) for p in parameters]


def main():
    sizes = {"generator 3 to 3": size(generator(64, 8, masks=3)), "generator 3 to 1": size(generator(64, 8))}
    sizes |= {"discriminator of 6": size(discriminator(64, 6)), "discriminator of 4": size(discriminator(64))}
    g, d = generator(WIDTH, DOWNS), discriminator(WIDTH)
    g_parameters, d_parameters = generator_parameters(g), discriminator_parameters(d)
    fill(g_parameters, 0.3)
    fill(d_parameters, 0.3)
    images = wave(0.5, BATCH * 3 * PX * PX).reshape(BATCH, 3, PX, PX)
    y, x = torch.meshgrid(torch.arange(PX), torch.arange(PX), indexing="ij")
    reference = torch.stack([(((x - 10 - 8 * b) ** 2 + (y - 14) ** 2) < 49).float() for b in range(BATCH)])[:, None]

    logits = g(images)
    prediction = torch.sigmoid(logits)
    judge = lambda masks: d(torch.cat([images, masks], 1))
    bce = lambda z, real: F.binary_cross_entropy_with_logits(z, torch.full_like(z, real))
    d_loss = 0.5 * (bce(judge(prediction.detach()), 0.0) + bce(judge(reference), 1.0))
    d_loss.backward()
    of_discriminator = projections(d_parameters)
    # without a step of the discriminator between, so that both losses are of the same weights
    l1 = F.l1_loss(prediction, reference)
    g_loss = bce(judge(prediction), 1.0) + LAMBDA * l1
    g.zero_grad()
    g_loss.backward()
    print(json.dumps({
        "sizes": sizes, "logits": [float(v) for v in logits.detach().flatten()[::37]], "l1": float(l1.detach()),
        "discriminator": {"loss": float(d_loss.detach()), "gradients": of_discriminator},
        "generator": {"loss": float(g_loss.detach()), "gradients": projections(g_parameters)},
    }))


main()
