"""Round trip and refusal of damaged files."""

import os
import tempfile
import unittest

import numpy as np

from physmaster import safetensors


class SafetensorsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, 'file.safetensors')
        self.addCleanup(self.folder.cleanup)

    def test_round_trip(self):
        random = np.random.default_rng(1)
        tensors = {
            'a.weight': random.normal(size=(3, 5)).astype(np.float32), 'half': np.arange(7, dtype=np.float16),
            'bytes': np.arange(9, dtype=np.uint8).reshape(3, 3), 'integers': np.array([-1, 2], np.int32),
            'scalar': np.float32(2.5).reshape(()),
        }
        safetensors.write(self.path, tensors, {'size': 'nano'})
        read, metadata = safetensors.read(self.path)
        assert metadata == {'size': 'nano'}
        assert read.keys() == tensors.keys()
        for name, value in tensors.items():
            assert read[name].dtype == value.dtype and read[name].shape == value.shape, name
            assert np.array_equal(read[name], value), name

    def test_truncated_is_refused_by_name(self):
        safetensors.write(self.path, {'weight': np.ones(100, np.float32)})
        with open(self.path, 'rb') as file:
            content = file.read()
        with open(self.path, 'wb') as file:
            file.write(content[:-8])
        with self.assertRaisesRegex(ValueError, 'truncated in weight'):
            safetensors.read(self.path)

    def test_unknown_dtype_is_refused(self):
        with self.assertRaisesRegex(ValueError, 'double'):
            safetensors.write(self.path, {'double': np.ones(2)})


if __name__ == '__main__':
    unittest.main()
