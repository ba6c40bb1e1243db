"""Counts parameters and floating-point operations and asserts each size's limits. `python3 -m physmaster.budget`.

One multiply-add is two operations; only matrix products and convolutions are counted.
"""

from .autoencoder import Autoencoder
from .backbone import Backbone
from .config import LIMITS, SIZES
from .head import Head
from .refiner import SHOWN
from .transformer import Transformer


def decoder_flops(config):
    """Operations of decoding one clip."""
    c0, c1, c2 = config.decoder_channels
    pixels, colours = config.autoencoder_patch ** 2, 3
    side, half = config.latent_pixels, (config.frames + 1) // 2
    small = config.latent_frames * side ** 2
    middle = half * (2 * side) ** 2
    large = config.frames * (4 * side) ** 2
    total = small * (27 * config.latent_channels * c0 + 2 * 27 * c0 * c0 + c0 * 8 * c1)
    total += middle * (2 * 27 * c1 * c1 + c1 * 8 * c2)
    total += large * (2 * 27 * c2 * c2 + 27 * c2 * (colours + 1) * pixels) + (4 * side) ** 2 * 9 * colours * pixels * c2
    return 2 * (total + motion_products(config, middle, large) + refiner_products(config, large))


def motion_products(config, middle, large):
    """Multiply-adds of a clip's motion, at so many places of the features that it reads and of those that it matches."""
    width, pixels, colours = config.motion_channels, config.autoencoder_patch ** 2, 3
    first = large // config.frames
    places = 2 * 9 * width * width + 2 * width * width + 2 * first * width + 9 * width * colours * pixels
    return middle * config.decoder_channels[1] * 8 * width + large * places + first * (9 * colours * pixels + 2 * width) * width


def refiner_products(config, large):
    """Multiply-adds of going over a clip, at so many places of the features that it reads, and four times as many."""
    if not config.refiner_channels:
        return 0
    (fine, coarse), pixels = config.refiner_channels, (config.autoencoder_patch // 2) ** 2
    places = 9 * fine * (SHOWN * pixels + 4 * fine + 6 * pixels)
    still = 4 * large // config.frames
    deep = coarse * (9 * fine + config.decoder_channels[2] + 2 * 9 * coarse + 4 * fine)
    return 4 * large * places + large * deep + still * 9 * 6 * pixels * fine + background_products(config, still)


def background_products(config, still):
    """Multiply-adds of one picture's background, at so many places of its finest features."""
    (fine, middle, coarse), pixels = config.background_channels, (config.autoencoder_patch // 2) ** 2
    places = 9 * fine * (3 * pixels + 4 * fine + 4 * pixels)
    halved = middle * (9 * fine + 4 * 9 * middle + 4 * fine)
    quartered = coarse * (9 * middle + 4 * 9 * coarse + 4 * middle)
    return still * places + still // 4 * halved + still // 16 * quartered


def encoder_flops(config):
    """Operations of encoding one clip."""
    c0, c1, c2 = config.encoder_channels
    inputs = 3 * config.autoencoder_patch ** 2
    side, half = config.latent_pixels, (config.frames + 1) // 2
    small = config.latent_frames * side ** 2
    middle = half * (2 * side) ** 2
    large = config.frames * (4 * side) ** 2
    total = large * (9 * inputs * c0 + 2 * 9 * c0 * c0) + middle * (27 * c0 * c1 + 2 * 27 * c1 * c1)
    total += small * (27 * c1 * c2 + 2 * 9 * c2 * c2 + c2 * config.latent_channels)
    return 2 * total


def generator_flops(config):
    """Operations of one forward of the video transformer for one clip."""
    length, width = config.video_tokens + config.image_tokens + 1, config.width
    block = length * (4 * width * width + 2 * width * config.mlp) + 2 * length * length * width
    patch = config.video_tokens * width * config.latent_channels * config.patch ** 2 * 3
    modulation = config.time_width * (2 * config.time_width + 8 * width)
    return 2 * (config.blocks * block + patch + modulation)


def parameters(module):
    """Number of exported parameters of a module."""
    return sum(p.numel() for name, p in module.named_parameters() if 'log_variance' not in name)


def report(config):
    """Dictionary of parameter counts and operations; raises AssertionError where they exceed the size's limits."""
    counts = {
        'autoencoder': parameters(Autoencoder(config)), 'backbone': parameters(Backbone(config)),
        'head': parameters(Head(config)), 'transformer': parameters(Transformer(config)),
    }
    result = {
        'parameters': {**counts, 'total': sum(counts.values())},
        'flops': {
            'encoder': encoder_flops(config), 'decoder': decoder_flops(config), 'generator': generator_flops(config),
        },
    }
    limits = LIMITS[config.size]
    assert result['parameters']['total'] <= limits.parameters, result
    assert result['flops']['generator'] <= limits.generator_flops, result
    assert result['flops']['decoder'] <= limits.decoder_flops, result
    return result


if __name__ == '__main__':
    for size in LIMITS:
        for section, values in report(SIZES[size]).items():
            for name, value in values.items():
                print(f'{size:8s} {section:12s} {name:12s} {value:>14,}')
