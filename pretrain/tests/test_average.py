"""The average of two checkpoints lies between them, and strangers are refused."""

import unittest

import torch

from physmaster.average import average


def checkpoint(value, shape=(2,), step=1):
    parameters = {'head.weight': torch.full(shape, value)}
    return {'parameters': parameters, 'ema': parameters, 'step': step, 'seconds': 1.0, 'samples': 8, 'seed': 1}


class AverageTest(unittest.TestCase):
    def test_between(self):
        mixed = average(checkpoint(1.0), checkpoint(5.0, step=9), 0.25)
        self.assertEqual(mixed['ema']['head.weight'].tolist(), [2.0, 2.0])
        self.assertEqual(mixed['parameters']['head.weight'].tolist(), [2.0, 2.0])
        self.assertEqual(mixed['step'], 9)

    def test_strangers(self):
        with self.assertRaises(ValueError):
            average(checkpoint(1.0), checkpoint(5.0, shape=(3,)), 0.5)


if __name__ == '__main__':
    unittest.main()
