"""Losses: autoencoder reconstruction, flow matching, Flow-DPO.

Flow-DPO (PhysMaster, arXiv 2510.13809, Stage II): with errors e = mean over elements of (v - v_theta)^2,
L = -mean_pairs log sigmoid(-beta/2 [(e_policy(chosen) - e_reference(chosen)) - (same for rejected)]).
"""

import torch
from torch.nn import functional as F


def motion_weight(video, extra=4.0, threshold=0.06):
    """Weight [B, 1, T, H, W] of video [B, 3, T, H, W]: 1, and 1 + extra near pixels that differ from frame 0."""
    moved = ((video - video[:, :, :1]).abs().amax(1, keepdim=True) > threshold).float()
    return 1 + extra * F.max_pool3d(moved, (1, 3, 3), 1, (0, 1, 1))


def reconstruction_loss(output, video, mean, log_variance, gradient_weight=0.5, kl_weight=3e-4):
    """Weighted L1, L1 of spatial gradients, and KL to the standard normal; all as means. Returns (loss, parts)."""
    weight = motion_weight(video)
    error = output - video
    total = weight.mean()
    absolute = (weight * error.abs()).mean() / total
    horizontal = (weight[..., 1:] * (error[..., 1:] - error[..., :-1]).abs()).mean()
    vertical = (weight[..., 1:, :] * (error[..., 1:, :] - error[..., :-1, :]).abs()).mean()
    gradient = (horizontal + vertical) / total
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    loss = absolute + gradient_weight * gradient + kl_weight * kl
    return loss, {'absolute': absolute.item(), 'gradient': gradient.item(), 'kl': kl.item()}


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
