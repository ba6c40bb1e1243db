"""Inputs and outputs of every part, for parity with src/model: f32 arithmetic on the exported (f16-rounded)
weights.

Keys and shapes (f32 unless said): image [1,64,64,3]; image_latent [1,8,8,16]; backbone_features_0..3
[1,64,128]; physics_tokens [1,64,256]; noisy_latent [1,6,8,8,16], t [1], domain i32 [1] -> velocity
[1,6,8,8,16]; noise [2,6,8,8,16] (Philox seeds 1, 2, stream 0); sampled_latents [2,6,8,8,16] after 4 Euler
steps; decoded f16 [2,25,64,64,3]; normals [64] (seed 20261122, stream 3); dpo.*: LoRA tensors, chosen and
rejected [2,6,8,8,16], noise [2,...], t [2], beta -> policy and reference errors [2] each, loss, margin [2],
gradients.
"""

import torch

from .data import network_pixels
from .lora import Lora
from .losses import preference_loss, velocity_errors
from .philox import normal
from .sampler import default_sampler, noise_for, sample

GRADIENTS = ('block_0.qkv.a', 'block_0.qkv.b', 'block_2.output.b', 'block_3.mlp_1.a', 'block_5.mlp_2.a',
             'block_5.mlp_2.b')


def make_fixture(model, first_frame):
    """Model with rounded weights, first_frame u8 [64, 64, 3] -> {key: numpy array}."""
    config = model.config
    tensors = {}
    image = network_pixels(first_frame)[None]
    domain = torch.ones(1, dtype=torch.long)
    with torch.no_grad():
        image_latent = model.autoencoder.latent_from_image(image)
        features = model.backbone(image)
        tokens = model.head(features)
        noise = torch.stack([noise_for(config, seed) for seed in (1, 2)])
        t = torch.tensor([0.3])
        noisy = noise[:1] * 0.7 + 0.3 * image_latent[:, None]
        velocity = model.transformer(noisy, image_latent, tokens, domain, t)
        two = [x.expand(2, *x.shape[1:]) for x in (image_latent, tokens)]
        sampled = sample(model.transformer, noise, two[0], two[1], domain.expand(2), **default_sampler(config))
        whole = torch.cat([two[0][:, None], sampled], 1)
        decoded = model.autoencoder.video_from_latent(whole, image.expand(2, *image.shape[1:]))
    tensors.update({
        'image': image, 'image_latent': image_latent, 'physics_tokens': tokens, 'noisy_latent': noisy, 't': t,
        'domain': domain.int(), 'velocity': velocity, 'noise': noise, 'sampled_latents': sampled,
        'decoded': decoded.half(),
        'normals': torch.from_numpy(normal(20261122, 3, 64)),
    })
    tensors.update({f'backbone_features_{i}': feature for i, feature in enumerate(features)})
    tensors.update(preference_fixture(model, two, sampled))
    return {name: value.detach().contiguous().numpy() for name, value in tensors.items()}


def preference_fixture(model, condition, sampled):
    """Golden values of one Flow-DPO step on two pairs: sampled clips against noisier copies of them."""
    config = model.config
    torch.manual_seed(11)
    lora = Lora(config)
    with torch.no_grad():
        for name, p in lora.named_parameters():
            if name.endswith('.b'):
                p.normal_(std=0.02)
    chosen = sampled
    rejected = sampled + 0.3 * torch.randn_like(sampled)
    noise, t, beta = torch.randn_like(sampled), torch.tensor([0.25, 0.6]), 100.0
    domain = torch.ones(2, dtype=torch.long)

    def errors(adapters):
        return [velocity_errors(model.transformer, data, noise, *condition, domain, t, adapters)
                for data in (chosen, rejected)]

    policy = errors(lora)
    with torch.no_grad():
        reference = errors(None)
    loss, margin = preference_loss(*policy, *reference, beta)
    parameters = dict(lora.named_parameters())
    names = [name for name in GRADIENTS if name in parameters]
    gradients = torch.autograd.grad(loss, [parameters[name] for name in names])
    tensors = {f'dpo.lora.{name}': p for name, p in parameters.items()}
    tensors.update({
        'dpo.image_latent': condition[0], 'dpo.physics_tokens': condition[1], 'dpo.chosen': chosen,
        'dpo.rejected': rejected, 'dpo.noise': noise, 'dpo.t': t, 'dpo.beta': torch.tensor([beta]),
        'dpo.policy_chosen': policy[0], 'dpo.policy_rejected': policy[1], 'dpo.reference_chosen': reference[0],
        'dpo.reference_rejected': reference[1], 'dpo.loss': loss.reshape(1), 'dpo.margin': margin,
    })
    tensors.update({f'dpo.gradient.{name}': g for name, g in zip(names, gradients)})
    return tensors
