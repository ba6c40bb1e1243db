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


def near(seen, extra=4.0):
    """Weight: 1, and 1 + extra where seen [B, 1, T, H, W], of zeros and ones, is 1, and beside it."""
    return 1 + extra * F.max_pool3d(seen, (1, 3, 3), 1, (0, 1, 1))


def motion_weight(video, extra=4.0):
    """Weight [B, 1, T, H, W] of video [B, 3, T, H, W]: 1, and 1 + extra near pixels that differ from frame 0.
    """
    return near(moved(video, video[:, :, 0]), extra)


def pixel_errors(output, video, weight):
    """L1, squared error and L1 of spatial gradients of videos [B, 3, T, H, W], weighted means."""
    total, error = weight.mean(), output - video
    horizontal = (weight[..., 1:] * (error[..., 1:] - error[..., :-1]).abs()).mean()
    vertical = (weight[..., 1:, :] * (error[..., 1:, :] - error[..., :-1, :]).abs()).mean()
    absolute, square = (weight * error.abs()).mean(), (weight * error.square()).mean()
    return absolute / total, square / total, (horizontal + vertical) / total


def reconstruction_loss(output, sources, video, mean, log_variance, kl_weight=1e-4):
    """Weighted L1 and squared error, L1 of spatial gradients, an L1 where things move of each of the sources that the
    output mixes with the image (paint, and what is moved), and KL.

    All are means. Where an object arrives, L1 alone is content with the background until the paint is nearly
    right, and a source has no gradient while the image is kept: hence the squared error and the sources' own
    terms. Returns (loss, parts).
    """
    weight = motion_weight(video)
    absolute, square, gradient = pixel_errors(output, video, weight)
    own = [((weight - 1) * (source - video).abs()).mean() / weight.mean() for source in sources]
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
    share = F.avg_pool3d(weight - 1, (1, patch, patch))
    unlike, spread = ((share * layers.errors).mean((0, 2, 3, 4)) / share.mean().clamp(min=1e-6)).unbind()
    parts = {'unmoved': unmoved, 'unlike': unlike, 'spread': spread}
    loss = prefer_moved * unmoved + match * (unlike + SPREAD * spread)
    return loss, {name: value.detach() for name, value in parts.items()}


def refinement_loss(output, draft, video, image):
    """L1 of a refined video [B, 3, T, H, W], weighted near what moves in the true video or the draft, so that what the draft
    shows too much counts as well. Nothing else: of an edge that may be here or a pixel further it makes an edge, where
    squares and gradients make a slope. Returns (loss, parts), the other errors and the draft's L1 among them.
    """
    weight = near(torch.maximum(moved(video, image), moved(draft, image)))
    absolute, square, gradient = pixel_errors(output, video, weight)
    of_draft = (weight * (draft - video).abs()).mean() / weight.mean()
    parts = {'absolute': absolute, 'square': square, 'gradient': gradient, 'draft': of_draft}
    return absolute, {name: value.detach() for name, value in parts.items()}


def background_loss(background, true, known, image):
    """L1 and L1 of spatial gradients of backgrounds [B, 3, H, W] where they are known [B, 1, H, W], with ten times the weight
    where they differ from the image.
    """
    differs = ((true - image).abs().amax(1, keepdim=True) > 0.06).float()
    weight = known * near(differs[:, :, None], 9.0)[:, :, 0]
    absolute, _, gradient = pixel_errors(background, true, weight)
    return absolute + 0.5 * gradient


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
