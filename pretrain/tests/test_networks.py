"""Properties that the networks must have by construction."""

import math
import unittest

import torch
from torch.nn import functional as F

from physmaster import budget, layers
from physmaster.autoencoder import Autoencoder
from physmaster.config import NANO, TINY
from physmaster.lora import Lora
from physmaster.losses import preference_loss, velocity_errors
from physmaster.model import Model
from physmaster.sampler import clips_from_images
from physmaster.transformer import rotary_angles, rotate


def randomise(module):
    """Zero-initialised parameters hide mistakes: give all of them values."""
    with torch.no_grad():
        for p in module.parameters():
            p.add_(torch.randn_like(p) * 0.05)


def inputs(config, batch=2):
    """Random noisy latents, image latents, physics tokens, domains, t."""
    side, channels = config.latent_pixels, config.latent_channels
    noisy = torch.randn(batch, config.latent_frames - 1, side, side, channels)
    return (noisy, torch.randn(batch, side, side, channels),
            torch.randn(batch, config.image_tokens, config.width), torch.ones(batch, dtype=torch.long),
            torch.rand(batch))


class NetworksTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)

    def test_budgets(self):
        result = budget.report(NANO)
        assert result['parameters']['total'] > 5e6

    def test_channel_norm_equals_layer_norm_with_gradients(self):
        norm = layers.ChannelNorm(5).double()
        randomise(norm)
        x = torch.randn(2, 5, 3, 2, 2, dtype=torch.double, requires_grad=True)
        expected = F.layer_norm(x.movedim(1, -1), (5,), 1 + norm.scale[0], norm.shift[0], layers.EPSILON)
        actual = norm(x).movedim(1, -1)
        upstream = torch.randn_like(actual)
        assert torch.allclose(actual, expected)
        sources = (x, norm.scale, norm.shift)
        pairs = zip(*[torch.autograd.grad(y, sources, upstream) for y in (actual, expected)])
        assert all(torch.allclose(a, b, atol=1e-5) for a, b in pairs)

    def test_gelu_and_its_gradient(self):
        x = torch.linspace(-6, 6, 101, dtype=torch.double, requires_grad=True)
        expected, actual = F.gelu(x, approximate='tanh'), layers.gelu(x)
        assert torch.allclose(actual, expected)
        gradients = [torch.autograd.grad(y.sum(), x)[0] for y in (actual, expected)]
        assert torch.allclose(*gradients)

    def test_causality(self):
        autoencoder = Autoencoder(TINY).eval()
        randomise(autoencoder)
        video = torch.randn(1, 25, 64, 64, 3)
        with torch.no_grad():
            latent = autoencoder.latent_from_video(video)
            assert latent.shape == (1, 7, 8, 8, TINY.latent_channels)
            image = autoencoder.latent_from_image(video[:, 0])
            assert torch.allclose(latent[:, 0], image, atol=1e-5)
            changed = video.clone()
            changed[:, 13:] += 1
            after = autoencoder.latent_from_video(changed)
            # Latent frame k sees frames up to 4 k: frames 13.. reach latents 4.. only.
            assert torch.allclose(latent[:, :4], after[:, :4], atol=1e-5)
            assert not torch.allclose(latent[:, 4], after[:, 4], atol=1e-3)
            decoded = autoencoder.video_from_latent(latent, video[:, 0])
            assert decoded.shape == video.shape
            latent[:, 5:] += 1
            again = autoencoder.video_from_latent(latent, video[:, 0])
            assert torch.allclose(decoded[:, :17], again[:, :17], atol=1e-5)

    def test_depth_to_space_order(self):
        # Channel index ((ft * 2 + fh) * 2 + fw) * C + c, first frame dropped.
        x = torch.arange(16.0).view(1, 16, 1, 1, 1)
        y = layers.depth_to_space(x, (2, 2, 2))
        assert y.shape == (1, 2, 1, 2, 2)
        assert y[0, :, 0].flatten(1).tolist() == [[8, 10, 12, 14], [9, 11, 13, 15]]
        z = torch.randn(1, 3, 2, 4, 4)
        assert torch.equal(layers.depth_to_space(layers.space_to_depth(z, 2), (1, 2, 2)), z)

    def test_velocity_is_zero_at_start(self):
        model = Model(TINY)
        velocity = model.transformer(*inputs(TINY))
        assert torch.count_nonzero(velocity) == 0

    def test_rotary_keeps_norms_and_depends_on_distance(self):
        angles = rotary_angles(NANO)
        assert angles.shape == (161, 32)
        x, scale = torch.randn(1, 161, 2, 4, 64), torch.ones(2, 64)
        y = rotate(x, scale, angles.cos().float(), angles.sin().float())
        assert torch.allclose(y.square().mean(-1), torch.ones(1, 161, 2, 4), atol=1e-4)

    def test_rotary_against_its_definition_with_gradients(self):
        angles = torch.randn(5, 4, dtype=torch.double)
        x = torch.randn(2, 5, 2, 3, 8, dtype=torch.double, requires_grad=True)
        scale = torch.randn(2, 8, dtype=torch.double, requires_grad=True)
        cos, sin = angles.cos()[:, None, None], angles.sin()[:, None, None]
        normal = x / (x.square().mean(-1, keepdim=True) + layers.EPSILON).sqrt() * scale[None, :, None]
        first, second = normal[..., :4], normal[..., 4:]
        expected = torch.cat([first * cos - second * sin, second * cos + first * sin], -1)
        actual = rotate(x, scale, angles.cos(), angles.sin())
        assert torch.allclose(actual, expected)
        upstream = torch.randn_like(expected)
        pairs = zip(*[torch.autograd.grad(y, (x, scale), upstream) for y in (actual, expected)])
        assert all(torch.allclose(a, b) for a, b in pairs)

    def test_preference_loss_at_the_reference(self):
        model, lora = Model(TINY), Lora(TINY)
        randomise(model)
        chosen, image, tokens, domain, t = inputs(TINY)
        rejected, noise = torch.randn_like(chosen), torch.randn_like(chosen)

        def errors(adapters):
            return [velocity_errors(model.transformer, data, noise, image, tokens, domain, t, adapters)
                    for data in (chosen, rejected)]

        loss, margin = preference_loss(*errors(lora), *errors(None), beta=1000.0)
        assert abs(loss.item() - math.log(2)) < 1e-6 and margin.abs().max() < 1e-6
        loss.backward()
        for name, p in lora.named_parameters():
            if name.endswith('.b'):
                assert p.grad.abs().max() > 0, name
        randomise(lora)
        one, _ = preference_loss(*errors(lora), *errors(None), beta=10.0)
        policy, reference = errors(lora), errors(None)
        other, margin = preference_loss(*reversed(policy), *reversed(reference), beta=10.0)
        _, flipped = preference_loss(*policy, *reference, beta=10.0)
        assert torch.allclose(margin, -flipped) and one != other

    def test_sampling_gives_clips(self):
        model = Model(TINY).eval()
        video = clips_from_images(model, torch.zeros(2, 64, 64, 3), seeds=[1, 2], domains=torch.tensor([1, 0]))
        assert video.shape == (2, 25, 64, 64, 3) and video.abs().max() <= 1


if __name__ == '__main__':
    unittest.main()
