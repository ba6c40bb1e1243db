"""What is measured of reconstructions."""

import unittest

import torch

from physmaster.train_autoencoder import edge_strength


class EdgesTest(unittest.TestCase):
    def setUp(self):
        self.video, self.weight = torch.zeros(2, 3, 8, 8, 1), torch.ones(2, 3, 8, 8, 1)
        self.video[:, :, :, 4:] = 1

    def test_an_edge_spread_over_n_pixels_has_an_nth(self):
        spread = self.video.clone()
        spread[:, :, :, 3:6] = torch.tensor([0.25, 0.5, 0.75])[:, None]
        ratio = edge_strength(spread, self.weight) / edge_strength(self.video, self.weight)
        assert torch.allclose(ratio, torch.tensor(0.25))

    def test_what_has_no_weight_does_not_count(self):
        before = edge_strength(self.video, self.weight)
        self.weight[:, :, :, 4:] = 0
        assert (before > 0).all() and (edge_strength(self.video, self.weight) == 0).all()


if __name__ == '__main__':
    unittest.main()
