"""A grown model starts as the function that it was grown from, and can learn to be another one."""

import unittest
from dataclasses import replace

import torch

from physmaster.backbone import Backbone
from physmaster.config import NANO, SMALL, TINY
from physmaster.grow import grow_backbone, grow_transformer
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

    def test_nano_grows_into_small_and_not_into_strangers(self):
        transformer, backbone = Transformer(NANO), Backbone(NANO)
        grown = {**grow_transformer(state(transformer, 'transformer'), NANO, SMALL),
                 **grow_backbone(state(backbone, 'backbone'), NANO, SMALL)}
        for prefix, module in (('transformer', Transformer(SMALL)), ('backbone', Backbone(SMALL))):
            for name, p in module.named_parameters():
                assert grown[f'{prefix}.{name}'].shape == p.shape, name
        with self.assertRaises(ValueError):
            grow_transformer(state(transformer, 'transformer'), NANO, replace(SMALL, width=384))
        with self.assertRaises(ValueError):
            grow_backbone(state(backbone, 'backbone'), NANO, replace(SMALL, backbone_patch=8))


if __name__ == '__main__':
    unittest.main()
