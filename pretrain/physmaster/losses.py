"""Losses: autoencoder reconstruction, flow matching, Flow-DPO.

Flow-DPO (PhysMaster, arXiv 2510.13809, Stage II): with errors e = mean over elements of (v - v_theta)^2,
L = -mean_pairs log sigmoid(-beta/2 [(e_policy(chosen) - e_reference(chosen)) - (same for rejected)]).
"""

import torch
from torch.nn import functional as F


# What the variance of a match's places counts beside how unlike they look.
SPREAD = 0.4


def moved(video, image):
    """1 where video [B, 3, T, H, W] differs visibly from the image [B, 3, H, W], else 0: [B, 1, T, H, W]."""
    return ((video - image[:, :, None]).abs().amax(1, keepdim=True) > 0.06).float()


def motion_weight(video, extra=4.0):
    """Weight [B, 1, T, H, W] of video [B, 3, T, H, W]: 1, and 1 + extra near pixels that differ from frame 0.
    """
    return 1 + extra * F.max_pool3d(moved(video, video[:, :, 0]), (1, 3, 3), 1, (0, 1, 1))


def reconstruction_loss(output, sources, video, mean, log_variance, kl_weight=1e-4):
    """Weighted L1 and squared error, L1 of spatial gradients, an L1 where things move of each of the sources that the
    output mixes with the image (paint, and what is moved), and KL.

    All are means. Where an object arrives, L1 alone is content with the background until the paint is nearly
    right, and a source has no gradient while the image is kept: hence the squared error and the sources' own
    terms. Returns (loss, parts).
    """
    weight = motion_weight(video)
    error = output - video
    total = weight.mean()
    absolute = (weight * error.abs()).mean() / total
    square = (weight * error.square()).mean() / total
    horizontal = (weight[..., 1:] * (error[..., 1:] - error[..., :-1]).abs()).mean()
    vertical = (weight[..., 1:, :] * (error[..., 1:, :] - error[..., :-1, :]).abs()).mean()
    gradient = (horizontal + vertical) / total
    own = [((weight - 1) * (source - video).abs()).mean() / total for source in sources]
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    loss = absolute + 2 * square + 0.5 * gradient + 0.25 * sum(own) + kl_weight * kl
    parts = {'absolute': absolute, 'square': square, 'gradient': gradient, 'kl': kl,
             **dict(zip(('painted', 'moved'), own))}
    return loss, {name: value.detach() for name, value in parts.items()}


def motion_loss(layers, video, patch, prefer_moved, match):
    """Of what a decoder with motion puts together (autoencoder.Layers) for video [B, 3, T, H, W], near motion: the share
    that is not moved, times `prefer_moved`, since an edge that is off by a pixel costs more than a soft one but looks
    better; and the match's errors in cells of patch x patch pixels, times `match`. Returns (loss, parts).
    """
    weight = motion_weight(video)
    unmoved = ((weight - 1) * (1 - layers.share)).mean() / weight.mean()
    near = F.avg_pool3d(weight - 1, (1, patch, patch))
    unlike, spread = ((near * layers.errors).mean((0, 2, 3, 4)) / near.mean().clamp(min=1e-6)).unbind()
    parts = {'unmoved': unmoved, 'unlike': unlike, 'spread': spread}
    loss = prefer_moved * unmoved + match * (unlike + SPREAD * spread)
    return loss, {name: value.detach() for name, value in parts.items()}


def velocity_errors(transformer, data, noise, image_latent, physics_tokens, domain, t, lora=None):
    """Mean squared velocity error of each clip, [B]; data and noise [B, 6, 8, 8, 16], t [B]."""
    mix = t.view(-1, 1, 1, 1, 1)
    velocity = transformer((1 - mix) * noise + mix * data, image_latent, physics_tokens, domain, t, lora)
    return (velocity - (data - noise)).square().flatten(1).mean(1)


def preference_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta):
    """Errors [B] each -> (loss, margin [B]); ln 2 and 0 when policy equals reference."""
    difference = (policy_chosen - reference_chosen) - (policy_rejected - reference_rejected)
    margin = -0.5 * beta * difference
    return F.softplus(-margin).mean(), margin
