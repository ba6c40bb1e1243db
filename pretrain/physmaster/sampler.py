"""Euler sampler of the flow: noise [B, 6, 8, 8, 16] -> latents, t from 0 to 1 in equal steps.

Guidance: v = v_none + g (v_told - v_none), where v_none has domain 0; g = 1 costs one forward a step.
"""

import numpy as np
import torch

from .philox import normal


def noise_for(config, seed, stream=0):
    """The initial noise of a clip, [6, 8, 8, 16], the same in the browser."""
    side, channels = config.latent_pixels, config.latent_channels
    shape = (config.latent_frames - 1, side, side, channels)
    return torch.from_numpy(normal(seed, stream, int(np.prod(shape)))).reshape(shape)


@torch.no_grad()
def sample(transformer, noise, image_latent, physics_tokens, domain, steps=4, guidance=1.0, lora=None):
    """Returns latents of frames 1.. [B, 6, 8, 8, 16]; the caller puts the image's latent in front."""
    z = noise
    for i in range(steps):
        t = torch.full((z.shape[0],), i / steps)
        velocity = transformer(z, image_latent, physics_tokens, domain, t, lora)
        if guidance != 1.0:
            blank = transformer(z, image_latent, physics_tokens, torch.zeros_like(domain), t, lora)
            velocity = blank + guidance * (velocity - blank)
        z = z + velocity / steps
    return z


@torch.no_grad()
def clips_from_images(model, images, seeds, domains, steps=4, lora=None):
    """images [B, 64, 64, 3] in [-1, 1], seeds [B], domain ids [B] -> video [B, 25, 64, 64, 3] in [-1, 1]."""
    noise = torch.stack([noise_for(model.config, int(seed)) for seed in seeds])
    image_latent = model.autoencoder.latent_from_image(images)
    tokens = model.head(model.backbone(images))
    latents = sample(model.transformer, noise, image_latent, tokens, domains, steps, lora=lora)
    whole = torch.cat([image_latent[:, None], latents], 1)
    return model.autoencoder.video_from_latent(whole, images)
