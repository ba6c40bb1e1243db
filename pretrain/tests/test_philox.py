"""Known answers of Philox 4x32-10 (Random123's kat_vectors) and the shape of the normal stream."""

import unittest

import numpy as np

from physmaster.philox import normal, philox

ONES = 0xFFFFFFFF
KNOWN = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([ONES] * 4, [ONES] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0],
     [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
]


class PhiloxTest(unittest.TestCase):
    def test_known_answers(self):
        for counter, key, expected in KNOWN:
            assert [int(r) for r in philox(counter, key)] == expected

    def test_normal_moments_and_streams(self):
        values = normal(7, 0, 100_000)
        assert values.dtype == np.float32
        assert abs(values.mean()) < 0.01 and abs(values.std() - 1) < 0.01
        assert not np.array_equal(values[:100], normal(7, 1, 100))
        assert np.array_equal(values[:101], normal(7, 0, 101))
        assert not np.array_equal(values[:100], normal(7 + (1 << 32), 0, 100))


if __name__ == '__main__':
    unittest.main()
