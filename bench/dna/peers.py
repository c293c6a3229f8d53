"""Ledidi, and Fast SeqProp in PyTorch after its paper (Linder and Seelig 2021), under a deadline: each keeps the best
sequence that it ever evaluated. And the speed of the same oracle in PyTorch."""

import time

import ledidi
import numpy as np
import torch
from torch import nn


def one_hot(letters):
    x = torch.tensor([["ACGT".index(c) for c in s] for s in letters])
    return nn.functional.one_hot(x, 4).float().transpose(1, 2).contiguous()


class OutOfTime(Exception):
    pass


class Watched(nn.Module):
    """The oracle, which keeps the best sequence that it has seen and ends the run when time is up."""

    def __init__(self, model, seconds):
        super().__init__()
        self.model, self.end = model, time.monotonic() + seconds
        self.best, self.sequence, self.evaluated = -np.inf, None, 0

    def forward(self, x):
        y = self.model(x)
        self.evaluated += len(x)
        values = y.detach()[:, 0]
        k = int(values.argmax())
        if float(values[k]) > self.best:
            self.best = float(values[k])
            self.sequence = "".join("ACGT"[int(v)] for v in x[k].argmax(0))
        if time.monotonic() > self.end:
            raise OutOfTime
        return y


def run_ledidi(model, start, seconds, seed, lr=1.0, batch=16):
    """Runs Ledidi without a cost for edits (l = 0), maximising the mean output, and again when it
    stops early."""
    watched = Watched(model, seconds)
    x = one_hot([start])
    try:
        for round_ in range(1000000):
            designer = ledidi.Ledidi(watched, shape=(4, len(start)), l=0, lr=lr, batch_size=batch, max_iter=100000,
                                     output_loss=lambda y, _: -y.mean(), random_state=1000 * seed + round_, verbose=False)
            designer.fit_transform(x, torch.zeros(1, 1))
    except OutOfTime:
        pass
    return watched


def run_seqprop(model, start, seconds, seed, lr=0.01, batch=8):
    """Logits are normalised over positions in each channel, with learnt scale and offset; one-hot
    samples of the softmax in the forward pass, its derivative in the backward pass; Adam. The first
    of the batch begins at `start`, others at random."""
    watched = Watched(model, seconds)
    g = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, 4, len(start), generator=g)
    logits[0] = one_hot([start])[0] * 2 - 1
    logits.requires_grad_()
    scale, offset = torch.ones(batch, 4, 1, requires_grad=True), torch.zeros(batch, 4, 1, requires_grad=True)
    optimiser = torch.optim.Adam([logits, scale, offset], lr=lr)
    try:
        while True:
            normal = nn.functional.instance_norm(logits)
            soft = torch.softmax(normal * scale + offset, dim=1)
            with torch.no_grad():
                u = torch.rand(batch, 1, len(start), generator=g)
                drawn = (u > soft.cumsum(1)).sum(1).clamp(max=3)
                hard = nn.functional.one_hot(drawn, 4).float().transpose(1, 2)
            loss = -watched(hard + soft - soft.detach()).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    except OutOfTime:
        pass
    return watched


def value_and_gradient(model, x):
    x = x.detach().requires_grad_()
    y = model(x)
    y.sum().backward()
    return y.detach()[:, 0], x.grad


def speed(model, x, seconds):
    """Sequences per second."""
    value_and_gradient(model, x)
    begin, n = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        value_and_gradient(model, x)
        n += len(x)
    return n / (time.monotonic() - begin)
