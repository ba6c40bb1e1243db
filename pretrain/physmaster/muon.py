"""Muon: momentum whose matrix updates are made orthogonal, for the hidden matrices of transformer blocks.

O = the nearest (semi-)orthogonal matrix to the Nesterov momentum, by five Newton-Schulz iterations in bf16 (f32 where
that is slow); update = rate * MATCH * sqrt(max(in, out)) * O, whose root mean square is MATCH * rate whatever the
shape, near AdamW's.
Sources: Jordan et al. 2024 (Muon); Liu et al. 2025 (matching the update's size to AdamW's). Everything that is not
a hidden matrix (biases, norms, tables, first and last layers, convolutions) stays with AdamW.
"""

import torch

from .precision import has_bf16

MATCH = 0.8
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices, steps=5):
    """[K, rows, columns] -> the same with singular values near 1."""
    a, b, c = COEFFICIENTS
    x = matrices.bfloat16() if has_bf16(matrices.device.type) else matrices
    tall = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if tall else x
    x = x / (x.float().flatten(1).norm(dim=1).view(-1, 1, 1) + 1e-7).to(x.dtype)
    for _ in range(steps):
        square = x @ x.transpose(1, 2)
        x = a * x + (b * square + c * (square @ square)) @ x
    return (x.transpose(1, 2) if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Momentum .95 (Nesterov); matrices of one shape are orthogonalised together."""

    def __init__(self, parameters, lr, momentum=0.95):
        super().__init__(parameters, {'lr': lr, 'momentum': momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group['params']:
                state = self.state[p]
                if 'momentum' not in state:
                    state['momentum'] = torch.zeros_like(p)
                state['momentum'].lerp_(p.grad, 1 - group['momentum'])
                shapes.setdefault(tuple(p.shape), []).append(p)
            for shape, members in shapes.items():
                moved = [p.grad.lerp(self.state[p]['momentum'], group['momentum']) for p in members]
                updates = orthogonalise(torch.stack(moved))
                for p, update in zip(members, updates):
                    p.add_(update, alpha=-group['lr'] * MATCH * max(shape) ** 0.5)
