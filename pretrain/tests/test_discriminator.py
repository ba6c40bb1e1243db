"""The discriminator learns to tell a smear from an edge, and its loss sharpens what is decoded."""

import unittest

import torch
from torch.nn import functional as F

from physmaster.discriminator import Discriminator, adversarial_losses, balanced


def edges(count, random):
    """Boxes at random places: [count, 3, 3, 16, 16] in {-1, 1}."""
    video = -torch.ones(count, 3, 3, 16, 16)
    for clip in video:
        top, left = torch.randint(2, 9, (2,), generator=random).tolist()
        clip[:, :, top:top + 5, left:left + 5] = 1
    return video


def smeared(video):
    return F.avg_pool3d(video, (1, 5, 5), 1, (0, 2, 2))


class DiscriminatorTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.discriminator, self.random = Discriminator((8, 12, 12)), torch.Generator().manual_seed(2)

    def learn(self):
        optimizer = torch.optim.Adam(self.discriminator.parameters(), 4e-3)
        for _ in range(80):
            video = edges(8, self.random)
            _, judged = adversarial_losses(self.discriminator, smeared(video), edges(8, self.random))
            optimizer.zero_grad()
            judged.backward()
            optimizer.step()

    def test_tells_smears_from_edges(self):
        video = edges(16, self.random)
        assert self.discriminator(video).shape == (16, 1, 4, 4)
        self.learn()
        told = (self.discriminator(video) - self.discriminator(smeared(video))).mean()
        assert told > 0.5
        # Other boxes, as true as these, are not told from them.
        others = self.discriminator(edges(16, self.random)).mean()
        assert abs(self.discriminator(video).mean() - others) < 0.3 * told

    def test_each_loss_trains_its_own(self):
        video, output = edges(2, self.random), smeared(edges(2, self.random)).requires_grad_()
        fooled, judged = adversarial_losses(self.discriminator, output, video)
        fooled.backward(retain_graph=True)
        assert output.grad.abs().sum() > 0
        assert all(p.grad is None for p in self.discriminator.parameters())
        output.grad = None
        judged.backward()
        assert output.grad is None
        assert all(p.grad is not None for p in self.discriminator.parameters())

    def test_balanced(self):
        output = torch.randn(2, 3, generator=self.random).requires_grad_()
        loss, adversarial = output.square().sum(), (3 * output).sum()
        factor = balanced(0.5, loss, adversarial, output)
        wanted = 0.5 * torch.autograd.grad(loss, output, retain_graph=True)[0].norm()
        assert torch.isclose(factor * torch.autograd.grad(adversarial, output)[0].norm(), wanted)


if __name__ == '__main__':
    unittest.main()
