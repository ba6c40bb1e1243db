"""A grown model starts as the function that it was grown from, and can learn to be another one."""

import unittest
from dataclasses import replace

import torch

from physmaster.autoencoder import Autoencoder
from physmaster.backbone import Backbone
from physmaster.config import NANO, SMALL, TINY
from physmaster.grow import grow_autoencoder, grow_backbone, grow_transformer
from physmaster.transformer import Transformer

from .test_networks import inputs, randomise


def state(module, prefix):
    """Parameters as a checkpoint names them."""
    return {f'{prefix}.{name}': p.detach() for name, p in module.named_parameters()}


class GrowTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(4)

    def test_deeper_and_wider_is_the_same_function_whose_new_layers_learn(self):
        larger = replace(TINY, size='larger', blocks=2 * TINY.blocks, mlp=80)
        before, after = Transformer(TINY), Transformer(larger)
        randomise(before)
        grown = grow_transformer(state(before, 'transformer'), TINY, larger)
        after.load_state_dict({key.removeprefix('transformer.'): value for key, value in grown.items()})
        given = inputs(TINY)
        velocity = after(*given)
        assert torch.allclose(before(*given), velocity, atol=1e-5)
        velocity.square().sum().backward()
        for block in range(larger.blocks):
            assert getattr(after, f'block_{block}').mlp_2.weight.grad.abs().sum() > 0

    def test_larger_patches_see_the_mean_over_pixels(self):
        larger = replace(TINY, size='larger', pixels=2 * TINY.pixels, backbone_patch=2 * TINY.backbone_patch)
        before, after = Backbone(TINY), Backbone(larger)
        grown = grow_backbone(state(before, 'backbone'), TINY, larger)
        after.load_state_dict({key.removeprefix('backbone.'): value for key, value in grown.items()})
        image = torch.rand(2, larger.pixels, larger.pixels, 3)
        mean = image.reshape(2, TINY.pixels, 2, TINY.pixels, 2, 3).mean((2, 4))
        for small, large in zip(before(mean), after(image)):
            assert torch.allclose(small, large, atol=1e-5)

    def test_a_finer_encoder_sees_the_mean_over_pixels_and_its_decoder_paints_them_all(self):
        tiny = replace(TINY, motion_channels=0, refiner_channels=(), background_channels=())
        larger = replace(tiny, size='larger', pixels=2 * tiny.pixels, autoencoder_patch=2 * tiny.autoencoder_patch)
        before, after = Autoencoder(tiny), Autoencoder(larger)
        grown = grow_autoencoder(state(before, 'autoencoder'), tiny, larger)
        after.load_state_dict({key.removeprefix('autoencoder.'): value for key, value in grown.items()}, strict=False)
        video = 2 * torch.rand(1, larger.frames, larger.pixels, larger.pixels, 3) - 1
        mean = video.reshape(1, larger.frames, TINY.pixels, 2, TINY.pixels, 2, 3).mean((3, 5))
        latent = before.latent_from_video(mean)
        assert torch.allclose(latent, after.latent_from_video(video), atol=1e-5)
        assert not torch.allclose(latent, after.latent_from_video(video.flip(3)), atol=1e-3)
        # Where the first frame is the same in all pixels that were one, so is what is made of it.
        image = mean[:, 0].repeat_interleave(2, 1).repeat_interleave(2, 2)
        painted = before.video_from_latent(latent, mean[:, 0]).repeat_interleave(2, 2).repeat_interleave(2, 3)
        assert torch.allclose(painted, after.video_from_latent(latent, image), atol=1e-5)

    def test_nano_grows_into_small_and_not_into_strangers(self):
        transformer, backbone, autoencoder = Transformer(NANO), Backbone(NANO), Autoencoder(NANO)
        grown = {**grow_transformer(state(transformer, 'transformer'), NANO, SMALL),
                 **grow_backbone(state(backbone, 'backbone'), NANO, SMALL),
                 **grow_autoencoder(state(autoencoder, 'autoencoder'), NANO, SMALL)}
        for prefix, module in (('transformer', Transformer(SMALL)), ('backbone', Backbone(SMALL)),
                               ('autoencoder', Autoencoder(SMALL))):
            for name, p in module.named_parameters():
                assert grown[f'{prefix}.{name}'].shape == p.shape, name
        with self.assertRaises(ValueError):
            grow_transformer(state(transformer, 'transformer'), NANO, replace(SMALL, width=384))
        with self.assertRaises(ValueError):
            grow_backbone(state(backbone, 'backbone'), NANO, replace(SMALL, backbone_patch=8))
        with self.assertRaises(ValueError):
            grow_autoencoder(state(autoencoder, 'autoencoder'), NANO, replace(SMALL, autoencoder_patch=2))


if __name__ == '__main__':
    unittest.main()
