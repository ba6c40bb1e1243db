"""bf16 only where the processor multiplies it."""

import tempfile
import unittest
from pathlib import Path

from physmaster.precision import has_bf16


class PrecisionTest(unittest.TestCase):
    def test_flags(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'cpuinfo'
            path.write_text('flags : fma avx2\n')
            assert not has_bf16(cpuinfo=str(path))
            other = Path(folder) / 'newer'
            other.write_text('flags : fma avx512f avx512_bf16\n')
            assert has_bf16(cpuinfo=str(other))
            # A name that only contains the flag is another flag.
            third = Path(folder) / 'third'
            third.write_text('flags : xavx512_bf16x\n')
            assert not has_bf16(cpuinfo=str(third))
        assert not has_bf16(cpuinfo='/nowhere')
        assert has_bf16('cuda', cpuinfo='/nowhere')


if __name__ == '__main__':
    unittest.main()
