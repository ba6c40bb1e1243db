"""What goes over decoded clips: where it starts from, what it sees, what it is taught by and on."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from physmaster.autoencoder import Autoencoder
from physmaster.background import Background, known_background
from physmaster.config import TINY
from physmaster.losses import background_loss, refinement_loss
from physmaster.motion import rigid, warp
from physmaster.refiner import LITTLE, Draft, Refiner, rigid_offsets
from physmaster.sampler import sample
from physmaster.train_background import behind
from physmaster.train_refiner import kept, whole_where_alike
from physmaster.windows import Windows


def draft_of(frames=3, side=16):
    pixels, cells = (2, 1, frames, side, side), side // TINY.autoencoder_patch
    return Draft(torch.rand(2, 3, frames, side, side) * 2 - 1, torch.rand(pixels), torch.rand(pixels),
                 3 * torch.randn(2, 2, frames, side, side), torch.randn(2, TINY.decoder_channels[2], frames, cells, cells))


class RefinerTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.refiner, self.image = Refiner(TINY), torch.rand(2, 3, 16, 16) * 2 - 1

    def random_output(self):
        torch.nn.init.normal_(self.refiner.output.weight, std=0.1)
        return self.refiner

    def test_before_it_has_learned_the_draft_stays_but_for_a_little(self):
        draft, little = draft_of(), torch.sigmoid(torch.tensor(LITTLE))
        output = self.refiner(draft, self.image)
        # All colours are within 2 of each other.
        assert 0 < (output - draft.video).abs().max() < 6.5 * little < 0.2

    def test_each_frame_is_refined_by_itself(self):
        refiner, draft = self.random_output(), draft_of()
        whole = refiner(draft, self.image)
        alone = refiner(Draft(*(part[:, :, 1:2] for part in draft)), self.image)
        assert torch.allclose(whole[:, :, 1:2], alone, atol=1e-5)
        assert not torch.allclose(whole[:, :, 2:], alone, atol=1e-2)

    def test_a_window_is_that_of_the_whole_but_at_its_border(self):
        refiner, draft = self.random_output(), draft_of(side=64)
        image = torch.rand(2, 3, 64, 64) * 2 - 1
        background = refiner.background(image)
        offsets = rigid_offsets(draft, image, background)
        def within(window):
            return refiner.over(Draft(*(window.of(each) for each in draft)), image, background, window.of(offsets), window)
        window = Windows([(1, 4), (2, 3)], 4, 8)
        part = within(window)
        whole = window.of(refiner(draft, image))
        inner = (..., slice(15, 17), slice(15, 17))
        assert torch.allclose(part[inner], whole[inner], atol=1e-4)
        other = within(Windows([(0, 4), (2, 3)], 4, 8))
        assert not torch.allclose(other[inner], whole[inner], atol=1e-2)

    def test_all_of_a_draft_counts_and_so_do_image_and_background(self):
        refiner, draft, other = self.random_output(), draft_of(), draft_of()
        output, background = refiner(draft, self.image), refiner.background(self.image)
        for name in Draft._fields:
            assert (refiner(draft._replace(**{name: getattr(other, name)}), self.image) - output).abs().max() > 1e-3, name
        offsets = rigid_offsets(draft, self.image, background)
        assert (refiner.over(draft, -self.image, background, offsets) - output).abs().max() > 1e-3
        assert (refiner.over(draft, self.image, -background, offsets) - output).abs().max() > 1e-3
        assert (refiner.over(draft, self.image, background, offsets + 2) - output).abs().max() > 1e-3

    def test_a_dented_body_is_moved_whole_and_nothing_without_one_is(self):
        """A square goes 5 right and 3 down, its offsets noisy and a corner's missing; a shadow of one pixel counts little."""
        background = torch.zeros(1, 3, 32, 32)
        image = background.clone()
        image[..., 4:10, 6:12] = 0.8
        true = torch.zeros(1, 1, 1, 32, 32)
        true[..., 7:13, 11:17] = 1
        share = true.clone()
        share[..., 7:9, 11:13] = 0
        offsets = torch.tensor([-5.0, -3.0]).view(1, 2, 1, 1, 1) + 0.3 * torch.randn(1, 2, 1, 32, 32)
        draft = Draft(true * 0.8, 1 - share, share, offsets, None)
        whole = warp(image, rigid_offsets(draft, image, background))
        inside, wrong = whole[..., 8:12, 12:16], warp(image, offsets)
        assert (inside - 0.8).abs().max() < 0.05
        near = (..., slice(6, 14), slice(10, 18))
        assert (whole - 0.8 * true)[near].abs().mean() < 0.5 * (share * wrong - 0.8 * true)[near].abs().mean()
        # The background moved alike is no body.
        assert rigid_offsets(draft, image, image).abs().max() == 0

    def test_a_decoder_without_one_gives_its_draft(self):
        decoder = Autoencoder(TINY).decoder
        latent = torch.randn(1, TINY.latent_channels, TINY.latent_frames, TINY.latent_pixels, TINY.latent_pixels)
        image = torch.rand(1, 3, TINY.pixels, TINY.pixels) * 2 - 1
        draft = decoder.layers(latent, image).video(image)
        torch.nn.init.normal_(decoder.refiner.output.weight, std=0.1)
        assert (decoder(latent, image) - draft).abs().max() > 1e-2
        decoder.refiner = None
        assert torch.equal(decoder(latent, image), draft)

    def test_the_loss_counts_what_the_draft_shows_too_much(self):
        """Of errors of the same size: where nothing moves, but the draft says so, and where both are still."""
        video = torch.zeros(1, 3, 2, 16, 16)
        image, ghost = video[:, :, 0], video.clone()
        ghost[..., 4:6, 4:6] = 0.5
        errors = []
        for place in (4, 10):
            output = video.clone()
            output[..., place:place + 2, 4:6] = 0.5
            errors.append(float(refinement_loss(output, ghost, video, image)[0]))
        assert errors[0] > 3 * errors[1]
        assert float(refinement_loss(video, ghost, video, image)[0]) == 0


class RigidTest(unittest.TestCase):
    def offsets_of(self, angle, size=24):
        """A turn about (10, 8) and a shift by (4, -2): [1, 2, 1, size, size]."""
        y, x = torch.meshgrid(torch.arange(size) - 8.0, torch.arange(size) - 10.0, indexing='ij')
        turn = torch.tensor(angle)
        return torch.stack([turn.cos() * x - turn.sin() * y - x + 4, turn.sin() * x + turn.cos() * y - y - 2])[None, :, None]

    def test_turns_and_shifts_stay_as_they_are_and_noise_does_not(self):
        offsets, weight = self.offsets_of(0.5), torch.ones(1, 1, 1, 24, 24)
        inner = (..., slice(8, 16), slice(8, 16))
        assert (rigid(offsets, weight) - offsets)[inner].abs().max() < 0.1
        noisy = offsets + torch.randn(offsets.shape)
        assert (rigid(noisy, weight) - offsets)[inner].abs().max() < 0.4
        stretched = offsets * torch.linspace(0.5, 2, 24)
        assert (rigid(stretched, weight) - stretched)[inner].abs().max() > 0.5

    def test_what_weighs_nothing_counts_nothing_and_far_from_all_there_is_no_motion(self):
        offsets, weight = self.offsets_of(0.0), torch.zeros(1, 1, 1, 24, 24)
        weight[..., 5, 6] = 1
        fitted = rigid(offsets, weight)
        assert torch.allclose(fitted[0, :, 0, 9, 12], torch.tensor([4.0, -2.0]) / 1.1, atol=1e-5)
        assert fitted[..., 13:, :].abs().max() == 0 == fitted[..., 14:].abs().max()
        other = offsets.clone()
        other[..., 7] = 50
        assert torch.equal(rigid(other, weight), fitted)


class BackgroundTest(unittest.TestCase):
    def clip(self):
        """A body that goes right over grey ground, its dark shadow below it: video u8 [6, 16, 16, 3], mask."""
        video, mask = np.full((6, 16, 16, 3), 120, np.uint8), np.zeros((6, 16, 16), np.uint8)
        for t in range(6):
            column = min(2 * t, 8)
            video[t, 4:8, column:column + 4] = (200, 30, 30)
            video[t, 10:12, column:column + 4] = 60
            mask[t, 4:8, column:column + 4] = 1
        return video, mask

    def test_ground_is_known_where_body_and_shadow_leave_it(self):
        video, mask = self.clip()
        background, known = known_background(video, mask)
        assert (background[4:8, :6] == 120).all() and known[4:8, :6].all()
        assert (background[10:12] == 120).all()
        # Where the body is in too many frames to tell.
        still, seen = known_background(np.repeat(video[:1], 6, 0), np.repeat(mask[:1], 6, 0))
        assert not seen[5, 1] and seen[5, 6] and (still == video[0]).all()

    def test_one_that_has_not_learned_leaves_most_of_the_image(self):
        torch.manual_seed(0)
        image = torch.rand(1, 3, 16, 16) * 2 - 1
        background = Background((4, 8, 8), 2)(image)
        assert background.shape == image.shape and 0 < (background - image).abs().mean() < 0.3

    def test_the_loss_counts_where_it_is_known_and_most_where_something_was(self):
        image = torch.zeros(1, 3, 16, 16)
        true, known = image.clone(), torch.ones(1, 1, 16, 16)
        true[..., 2:4, 2:4] = 0.5
        known[..., 12:, 12:] = 0
        def of(place):
            background = true.clone()
            background[..., place:place + 2, place:place + 2] += 0.2
            return float(background_loss(background, true, known, image))
        assert of(2) > 5 * of(7) > 0 and of(14) == 0


class BackgroundsTest(unittest.TestCase):
    def test_what_is_behind_is_measured_where_it_is_known_and_differs(self):
        image, true, known = (torch.zeros(1, 3, 8, 8) for _ in range(3))
        true[..., :2, :2], known[..., :4, :] = 0.5, 1
        class Two:
            images = [0]
            of = staticmethod(lambda _: (image, true, known[:, :1]))
        self.assertAlmostEqual(behind(lambda _: true + 0.2, Two()), 20.0, places=2)
        # Errors elsewhere count nothing.
        off = true.clone()
        off[..., 4:, 4:] = 1
        assert behind(lambda _: off, Two()) > 80


class WholeTest(unittest.TestCase):
    def setUp(self):
        """A square goes 8 to the right."""
        self.image, self.whole = torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 1, 32, 32)
        self.image[..., 10:20, 2:12], self.whole[..., 10:20, 10:20] = 0.8, 0.8
        self.offsets = torch.tensor([-8.0, 0.0]).view(1, 2, 1, 1, 1).expand(1, 2, 1, 32, 32)

    def target_of(self, shown, video):
        draft = Draft(shown, None, None, self.offsets, None)
        window = Windows([(0, 0)], 4, 4)
        target = whole_where_alike(draft, self.image, torch.zeros(1, 3, 32, 32), self.offsets, video, window)
        return target[..., 8:22, 8:22]

    def test_a_body_about_as_the_draft_shows_it_is_wanted_whole_and_another_as_it_truly_is(self):
        """Truly it is darker. Drafts: without a corner, and without a half."""
        video = self.whole * 0.9
        for missing, wanted in ((2, self.whole), (5, video)):
            shown = self.whole.clone()
            shown[..., 10:10 + missing, 10:10 + 2 * missing] = 0
            assert torch.allclose(self.target_of(shown, video), wanted[..., 8:22, 8:22], atol=0.02), missing

    def test_a_body_that_the_draft_rightly_shows_smaller_stays_small(self):
        video = self.whole.clone()
        video[..., 10:12, :] = 0
        assert torch.equal(self.target_of(video, video), video[..., 8:22, 8:22])


class KeptTest(unittest.TestCase):
    def test_what_was_made_under_a_key_is_made_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path, made = Path(folder) / 'drafts.pt', []
            def make():
                made.append(torch.full((2,), float(len(made))))
                return made[-1]
            for _ in range(2):
                assert torch.equal(kept(path, [{'decoder': 3}, [1, 2]], make), torch.zeros(2))
            assert torch.equal(kept(path, [{'decoder': 4}, [1, 2]], make), torch.ones(2)) and len(made) == 2


class AnchoredSampleTest(unittest.TestCase):
    def test_a_sampler_that_starts_late_starts_between_noise_and_data(self):
        data, noise, seen = torch.full((1, 1, 2, 2, 1), 3.0), torch.randn(1, 1, 2, 2, 1), []

        def velocity(z, image_latent, tokens, domain, t, lora):
            seen.append((float(t[0]), z.clone()))
            return torch.zeros_like(z)

        end = sample(velocity, noise, None, None, None, steps=4, temperature=0.5, first=3, data=data)
        assert [t for t, _ in seen] == [0.75]
        assert torch.allclose(seen[0][1], 0.25 * 0.5 * noise + 0.75 * data)
        assert torch.allclose(end, seen[0][1])
        seen.clear()
        sample(velocity, noise, None, None, None, steps=4, temperature=0.5)
        assert np.allclose([t for t, _ in seen], [0, 0.25, 0.5, 0.75]) and torch.equal(seen[0][1], 0.5 * noise)


if __name__ == '__main__':
    unittest.main()
