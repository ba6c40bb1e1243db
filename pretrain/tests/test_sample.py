"""Clips as the studio shows them: what is done to bodies after decoding, by its own code."""

import re
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from physmaster.autoencoder import Autoencoder
from physmaster.config import DOMAINS, TINY
from physmaster.sample import KEEP_SHAPES, with_whole_bodies

ROOT = Path(__file__).resolve().parents[2]


def clips_of(count, domains):
    random = np.random.default_rng(0)
    clips = random.integers(0, 256, (count, TINY.frames, TINY.pixels, TINY.pixels, 3), np.uint8)
    return clips, clips[:, 0], np.array([DOMAINS[name] for name in domains])


class WholeBodiesTest(unittest.TestCase):
    def test_the_domains_are_those_of_the_studio(self):
        source = (ROOT / 'src/model/whole-bodies.ts').read_text()
        kept = re.search(r'keepsShapes: Record<Domain, boolean> = \{(.*?)\}', source)[1]
        assert dict(re.findall(r'(\w+): (true|false)', kept)) == {
            name: 'true' if name in KEEP_SHAPES else 'false' for name in DOMAINS}

    @torch.no_grad()
    def test_only_clips_of_these_domains_are_handed_over_and_come_back_in_their_places(self):
        clips, images, domains = clips_of(3, ['fluid', 'rigid', 'optics'])
        autoencoder, seen = Autoencoder(TINY), {}

        def run(words, **_):
            files = dict(zip(words[3::2], words[4::2]))
            given = np.fromfile(files['--clips'], np.uint8).reshape(-1, *clips.shape[1:])
            seen['images'] = np.fromfile(files['--images'], np.uint8)
            seen['backgrounds'] = np.fromfile(files['--backgrounds'], np.uint8)
            assert files['--side'] == str(TINY.pixels) and np.array_equal(given, clips[1:])
            (255 - given).tofile(files['--clips'])

        with mock.patch('subprocess.run', run):
            made = with_whole_bodies(autoencoder, clips, images, domains)
        assert np.array_equal(made[0], clips[0]) and np.array_equal(made[1:], 255 - clips[1:])
        assert np.array_equal(seen['images'], images[1:].ravel()) and seen['backgrounds'].size == images[1:].size

    def test_nothing_is_handed_over_without_such_clips_or_without_a_background(self):
        clips, images, domains = clips_of(2, ['fluid', 'thermal'])
        with mock.patch('subprocess.run', side_effect=AssertionError):
            assert with_whole_bodies(Autoencoder(TINY), clips, images, domains) is clips
            without = Autoencoder(TINY)
            without.decoder.refiner = None
            clips, images, domains = clips_of(1, ['rigid'])
            assert with_whole_bodies(without, clips, images, domains) is clips


if __name__ == '__main__':
    unittest.main()
