"""Newton-Schulz brings singular values near 1, tall or wide."""

import unittest

import torch

from physmaster.muon import orthogonalise


class MuonTest(unittest.TestCase):
    def test_singular_values(self):
        torch.manual_seed(0)
        for shape in ((2, 16, 48), (2, 48, 16)):
            values = torch.linalg.svdvals(orthogonalise(torch.randn(*shape)))
            assert values.min() > 0.5 and values.max() < 1.3, values


if __name__ == '__main__':
    unittest.main()
