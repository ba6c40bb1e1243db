"""Samplers of the flow: noise [B, 6, 8, 8, 16] -> latents, t from 0 to 1 in equal steps.

Methods: euler, one velocity a step; heun, two, averaged; adams-bashforth, one, corrected by the last. Guidance:
v = v_none + g (v_told - v_none), where v_none has domain 0; g = 1 costs one forward a velocity. Temperature is the
standard deviation of the noise at t = 0: below 1 clips keep closer to the likeliest outcome.
"""

import numpy as np
import torch

from .philox import normal

METHODS = ('euler', 'heun', 'adams-bashforth')


def noise_for(config, seed, stream=0):
    """Standard normal noise of a clip, [6, 8, 8, 16], the same in the browser."""
    side, channels = config.latent_pixels, config.latent_channels
    shape = (config.latent_frames - 1, side, side, channels)
    return torch.from_numpy(normal(seed, stream, int(np.prod(shape)))).reshape(shape)


@torch.no_grad()
def sample(transformer, noise, image_latent, physics_tokens, domain, steps=4, guidance=1.0, temperature=1.0,
           method='euler', lora=None, first=0, data=None):
    """Standard normal noise -> latents of frames 1.. [B, 6, 8, 8, 16]; the caller puts the image's latent in front.
    `first`: how many of the steps are left out: z starts that far on its way to the `data` of noise's shape.
    """
    if method not in METHODS:
        raise ValueError(f'{method} is none of {METHODS}')

    def velocity(z, t):
        times = torch.full((z.shape[0],), t)
        told = transformer(z, image_latent, physics_tokens, domain, times, lora)
        if guidance == 1.0:
            return told
        blank = transformer(z, image_latent, physics_tokens, torch.zeros_like(domain), times, lora)
        return blank + guidance * (told - blank)

    z, last = noise * temperature, None
    if first:
        z = z + (first / steps) * (data - z)
    for i in range(first, steps):
        here = velocity(z, i / steps)
        direction = here
        if method == 'heun':
            direction = (here + velocity(z + here / steps, (i + 1) / steps)) / 2
        elif method == 'adams-bashforth' and last is not None:
            direction = 1.5 * here - 0.5 * last
        z, last = z + direction / steps, here
    return z


def default_sampler(config):
    """The settings of `sample` that model.json records."""
    return {'method': config.sampler_method, 'steps': config.sampler_steps, 'guidance': config.guidance,
            'temperature': config.temperature}


@torch.no_grad()
def clips_from_images(model, images, seeds, domains, sampler=None, lora=None):
    """images [B, 64, 64, 3] in [-1, 1], seeds [B], domain ids [B] -> video [B, 25, 64, 64, 3] in [-1, 1].
    `sampler` overrides settings of the model's own.
    """
    tokens = model.head(model.backbone(images))
    return clips_from_tokens(model.config, model.autoencoder, model.transformer, images, tokens, seeds, domains, sampler,
                             lora)


@torch.no_grad()
def clips_from_tokens(config, autoencoder, transformer, images, tokens, seeds, domains, sampler=None, lora=None):
    """clips_from_images where the tokens [B, 64, 256] are there already, whatever they come from."""
    noise = torch.stack([noise_for(config, int(seed)) for seed in seeds])
    image_latent = autoencoder.latent_from_image(images)
    settings = {**default_sampler(config), **(sampler or {})}
    latents = sample(transformer, noise, image_latent, tokens, domains, lora=lora, **settings)
    return autoencoder.video_from_latent(torch.cat([image_latent[:, None], latents], 1), images)
