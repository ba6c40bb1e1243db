"""Moving pixels of the first frame: the sample itself, what is known of the offsets, and the errors that teach them."""

import unittest

import numpy as np
import torch

from physmaster.autoencoder import Autoencoder, Layers
from physmaster.config import TINY
from physmaster.losses import motion_loss
from physmaster.motion import cells, looks, match_errors, warp, waves
from physmaster.train_motion import displacements, errors
from physmaster.windows import Windows, corners_near_motion


def clip_of_square(side=24, frames=5, step=3):
    """A textured square that goes right `step` pixels a frame: video f32 [1, 3, T, S, S], mask u8 [T, S, S]."""
    texture = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (3, 6, 6))).float()
    video, mask = torch.full((1, 3, frames, side, side), -0.5), np.zeros((frames, side, side), np.uint8)
    for t in range(frames):
        left = 2 + step * t
        video[0, :, t, 8:14, left:left + 6] = texture
        mask[t, 8:14, left:left + 6] = 1
    return video, mask


class MotionTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)

    def test_warp_samples_between_pixels_and_continues_the_border(self):
        image = torch.arange(16.0).view(1, 1, 4, 4).expand(1, 3, 4, 4)
        offsets = torch.zeros(1, 2, 1, 4, 4)
        assert torch.allclose(warp(image, offsets)[:, :, 0], image, atol=1e-5)
        offsets[0, 0], offsets[0, 1] = 0.5, 1.0
        warped = warp(image, offsets)[0, 0, 0]
        assert torch.allclose(warped[0, :3], image[0, 0, 1, :3] + 0.5, atol=1e-5)
        assert abs(warped[3, 3] - 15) < 1e-5

    def test_warp_of_a_window_is_the_window_of_the_warp(self):
        image, offsets = torch.randn(2, 3, 8, 8), torch.randn(2, 2, 3, 8, 8)
        whole = warp(image, offsets)
        corner = torch.tensor([[1, 2], [3, 0]])
        window = torch.stack([offsets[i, :, :, y:y + 4, x:x + 4] for i, (x, y) in enumerate(corner.tolist())])
        part = warp(image, window, corner)
        for i, (x, y) in enumerate(corner.tolist()):
            assert torch.allclose(part[i], whole[i, :, :, y:y + 4, x:x + 4], atol=1e-5)

    def test_a_part_of_a_clip_is_that_of_the_whole(self):
        decoder = Autoencoder(TINY).decoder
        latent = torch.randn(1, TINY.latent_channels, TINY.latent_frames, TINY.latent_pixels, TINY.latent_pixels)
        features = decoder.features(latent)
        image = torch.rand(1, 3, TINY.pixels, TINY.pixels) * 2 - 1
        whole, trust, _ = decoder.motion(features, image)
        for start in (0, 2, 4):
            offsets, trusted, _ = decoder.motion(features, image, (start, start + 3))
            frames = slice(4 * start, 4 * start + 9)
            assert torch.allclose(offsets, whole[:, :, frames], atol=1e-4)
            assert torch.allclose(trusted, trust[:, :, frames], atol=1e-4)

    def test_waves_of_near_places_are_more_alike(self):
        places = cells(16)
        alike = waves(places, 64) @ waves(places, 64).t()
        assert not (alike.argmax(1) == torch.arange(256)).all()
        features = waves(places, 64)
        alike = features @ features.t() / 32
        assert torch.allclose(alike.diagonal(), torch.ones(256), atol=1e-5)
        distance = (places[:, None] - places[None]).norm(dim=-1)
        assert alike[(distance > 0) & (distance < 0.2)].min() > 0.5
        assert alike[distance > 1].mean().abs() < 0.2

    def test_displacements_lead_back_to_the_first_frame(self):
        video, mask = clip_of_square()
        offsets, known = displacements(mask)
        assert (known == (mask == 1)).all()
        assert np.allclose(offsets[0][known], -3.0 * np.argwhere(known)[:, 0]) and np.allclose(offsets[1][known], 0)
        part = displacements(mask, slice(2, 4))
        assert (part[0] == offsets[:, 2:4]).all() and (part[1] == known[2:4]).all()
        warped = warp(video[:, :, 0], torch.from_numpy(offsets)[None])
        inside = torch.from_numpy(known)
        assert torch.allclose(warped[0, :, inside], video[0, :, inside], atol=1e-4)

    def test_errors_are_least_where_offsets_are_right_and_trust_is_in_what_is_right(self):
        video, mask = clip_of_square()
        offsets, known = (torch.from_numpy(part)[None] for part in displacements(mask))
        sure = torch.full((1, 1, *mask.shape), 4.0)

        def of(moved, trust):
            return errors(moved, trust, video[:, :, 0], video, offsets, known)

        right, wrong = of(offsets, sure), of(offsets + 2, sure)
        assert right[0] == 0 and wrong[0] > 0.1
        assert right[1] < 0.5 * wrong[1], (right, wrong)
        # Not trusting what is wrong is better, and not trusting what is right is worse. Where the square has left, the
        # first frame's own pixel is wrong, whatever the square's offsets.
        assert of(offsets + 2, -sure)[2] < wrong[2]
        assert of(offsets, torch.where(known[:, None], sure, -sure))[2] < min(right[2], of(offsets, -sure)[2])

    def test_match_errors_are_the_expected_distance_of_looks_and_the_variance_of_places(self):
        image, true = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 1, 16, 16)
        seen, wanted, places = looks(image[:, :, None], 4)[0, :, 0].flatten(1), looks(true, 4), cells(4).t()
        weights = torch.rand(16, 16).softmax(-1)
        values = torch.cat([seen, seen.square().sum(0, keepdim=True), places.square().sum(0, keepdim=True), places])
        expected = (values @ weights.t()).view(1, -1, 1, 4, 4)
        unlike, spread = match_errors(expected[:, :-2], expected[:, -2:], wanted)[0, :, 0].flatten(1)
        distance = (wanted[0, :, 0].flatten(1).t()[:, None] - seen.t()[None]).square().mean(-1)
        assert torch.allclose(unlike, (weights * distance).sum(1), atol=1e-5)
        mean = weights @ places.t()
        away = (places.t()[None] - mean[:, None]).square().sum(-1)
        assert torch.allclose(spread, (weights * away).sum(1), atol=1e-5)

    def test_a_decoder_that_knows_the_true_video_says_how_its_match_errs(self):
        decoder = Autoencoder(TINY).decoder
        side, scale = TINY.latent_pixels, TINY.pixels // TINY.latent_pixels
        latent = torch.randn(2, TINY.latent_channels, TINY.latent_frames, side, side)
        still = (torch.rand(2, 3, 1, TINY.pixels, TINY.pixels) * 2 - 1).expand(-1, -1, TINY.frames, -1, -1)
        window = Windows([(0, 3), (4, 1)], 4, side)
        assert decoder.layers(latent, still[:, :, 0], window).errors is None
        errors = decoder.layers(latent, still[:, :, 0], window, window.of(still)).errors
        assert errors.shape == (2, 2, TINY.frames, 4 * scale // TINY.autoencoder_patch, 4 * scale // TINY.autoencoder_patch)
        assert errors.min() >= -1e-5
        # Sure of one place, and that the right one.
        with torch.no_grad():
            for layer in (decoder.motion.query, decoder.motion.key):
                layer.weight.zero_()
            decoder.motion.position.mul_(100)
        sure = decoder.layers(latent, still[:, :, 0], window, window.of(still)).errors
        assert sure.abs().max() < 1e-3 and errors.mean() > 0.05

    def test_motion_loss_counts_what_is_not_moved_and_how_the_match_errs_near_motion_alone(self):
        video, _ = clip_of_square()
        errors = torch.full((1, 2, 5, 6, 6), 9.0)
        errors[..., 1:5, :] = torch.tensor([0.5, 0.25]).view(1, 2, 1, 1, 1)

        def of(share):
            layers = Layers(video, torch.zeros_like(video[:, :1]), [video], torch.full_like(video[:, :1], share), None, None, errors)
            return motion_loss(layers, video, 4, 0.1, 2.0)

        loss, parts = of(1.0)
        assert parts['unmoved'] == 0 and abs(parts['unlike'] - 0.5) < 1e-5 and abs(parts['spread'] - 0.25) < 1e-5
        assert abs(loss - 2 * (0.5 + 0.4 * 0.25)) < 1e-5
        none, parts = of(0.0)
        assert 0 < parts['unmoved'] < 1 and abs(none - loss - 0.1 * parts['unmoved']) < 1e-5

    def test_windows_are_cut_where_something_has_moved(self):
        video = torch.full((2, 3, 5, 64, 64), -0.5)
        video[0, :, 3:, 40:44, 8:12] = 0.5
        video[1, :, 1:, 4:8, 60:64] = 0.5
        found = 0
        for seed in range(20):
            (first, *_), (row, column) = corners_near_motion(video, 8, 4, np.random.default_rng(seed))
            assert row <= 0 < row + 4 and column <= 7 < column + 4
            found += first <= 5 < first + 4
        # The first clip's frames without motion have windows anywhere.
        assert 8 < found <= 20

    def test_motion_that_has_not_learned_leaves_the_paint_nearly_alone(self):
        decoder = Autoencoder(TINY).decoder
        latent = torch.randn(2, TINY.latent_channels, TINY.latent_frames, TINY.latent_pixels, TINY.latent_pixels)
        image = torch.rand(2, 3, TINY.pixels, TINY.pixels) * 2 - 1
        paint, *_ = decoder.painted(decoder.features(latent), image)
        away = (image[:, :, None] - paint).abs().mean()
        new, *_ = decoder.layers(latent, image)
        assert 0 < (new - paint).abs().mean() < 0.05 * away
        with torch.no_grad():
            decoder.motion.output.bias.view(-1, 3)[:, 2] = 20.0
        new, *_ = decoder.layers(latent, image)
        assert (new - paint).abs().mean() > 0.5 * away

    def test_a_window_is_cut_out_of_the_whole(self):
        decoder = Autoencoder(TINY).decoder
        side, scale = TINY.latent_pixels, TINY.pixels // TINY.latent_pixels
        with torch.no_grad():
            decoder.motion.output.bias.view(-1, 3)[:, 2] = 20.0
        latent = torch.randn(2, TINY.latent_channels, TINY.latent_frames, side, side)
        image = torch.rand(2, 3, TINY.pixels, TINY.pixels) * 2 - 1
        whole, *_ = decoder.layers(latent, image)
        window = Windows([(0, 3), (4, 1)], 4, side)
        part, keep, *_ = decoder.layers(latent, image, window)
        assert part.shape[-1] == keep.shape[-1] == 4 * scale
        # Three convolutions reach a cell further each: there the window knows less.
        rim = 3 * TINY.autoencoder_patch
        assert part.shape[-1] > 2 * rim
        inner = (..., slice(rim, -rim), slice(rim, -rim))
        assert torch.allclose(part[inner], window.of(whole)[inner], atol=1e-4)
        assert not torch.allclose(part[inner], Windows([(0, 2), (4, 1)], 4, side).of(whole)[inner], atol=1e-2)


if __name__ == '__main__':
    unittest.main()
