"""Trains what goes over decoded clips (refiner.py), while all else stays as it is, the background that it knows too.

    python3 -m physmaster.train_refiner --size small --splits train --minutes 60
Drafts are made once: clips that the decoder makes of latents as the generator leaves them, that is of the sampler's own
last steps, from a place between noise and the true latents; a share is made of the true latents. The target is the true
clip, but where bodies moved whole are about as good as the draft it is these (whole_where_alike): of corners that may be
here or there the true clips teach round ones. --adversarial sets a discriminator against what is soft.
"""

import os

import numpy as np
import torch
from torch.nn import functional as F

from .assemble import assemble
from .command import arguments, budget_from, prepare
from .data import Clips, Latents, Videos, network_pixels, split_rows
from .discriminator import Discriminator, adversarial_losses, balanced
from .losses import refinement_loss
from .motion import warp
from .refiner import BODY, Draft, rigid_offsets, unlike
from .sampler import default_sampler, sample
from .train_autoencoder import likeness
from .training import Trainer
from .windows import Windows, corners_near_motion, cut

# Differences between bodies moved whole and the draft, as shares of the draft's from the background, at which the whole is
# taken and is not; and between them and the true clip, as shares of the draft's.
ALIKE, UNALIKE = 0.25, 0.4
AS_NEAR, FARTHER = 1.0, 1.25


@torch.no_grad()
def anchored_samples(model, clips, latents, rows, random, true):
    """Latents [K, T', h, w, C] of clips: a share `true` of them as they are; the others with frames 1.. as the sampler
    makes them that starts on the straight line from its noise to the true ones, after 2 .. steps - 1 of its steps: close
    enough for the true clip to be the goal.
    """
    latent, settings = latents.of(rows), default_sampler(model.config)
    image = network_pixels(clips.images(rows))
    tokens, told = model.head(model.backbone(image)), torch.from_numpy(clips.domains()[rows])
    first = random.integers(2, settings['steps'], len(rows))
    first[random.random(len(rows)) < true] = settings['steps']
    for steps in np.unique(first[first < settings['steps']]):
        chosen = torch.from_numpy(np.flatnonzero(first == steps))
        data = latent[chosen, 1:]
        latent[chosen, 1:] = sample(model.transformer, torch.randn(data.shape), latent[chosen, 0], tokens[chosen],
                                    told[chosen], first=int(steps), data=data, **settings)
    return latent


def local_mean(values):
    """Means of values [B, 1, T, H, W] over squares of 15 pixels."""
    return F.avg_pool3d(values, (1, 15, 15), 1, (0, 7, 7), count_include_pad=False)


def share_within(low, high, error, scale):
    """1 where errors are `low` times the scale or less, 0 where they are `high` times it or more, or both are 0."""
    return ((high * scale - error) / ((high - low) * scale + 1e-3)).clamp(0, 1)


@torch.no_grad()
def whole_where_alike(draft, image, background, offsets, video, window):
    """The true video [B, 3, T, H, W], but bodies moved whole over the background where these are both about what the draft
    shows, since what is far from it is another body's or none, and about as near to the true video as the draft is, since
    not all bodies are rigid. Arguments are those of Refiner.over.
    """
    corners = window.corners_in(image)
    whole, whole_background = (warp(source, offsets, corners) for source in (image, background))
    behind = window.of(background)[:, :, None]
    composed = behind + (unlike(whole, whole_background) / BODY).clamp(max=1) * (whole - behind)

    def apart(one, other):
        return local_mean((one - other).abs().mean(1, keepdim=True))

    as_drafted = share_within(ALIKE, UNALIKE, apart(composed, draft.video), apart(draft.video, behind))
    as_true = share_within(AS_NEAR, FARTHER, apart(composed, video), apart(draft.video, video))
    return video + as_drafted * as_true * (composed - video)


@torch.no_grad()
def drafts_of(model, clips, latents, rows, random, true, batch=4):
    """What the decoder makes of inexact latents, for the clips `rows`, 8 MB each: pixels and shares as i8
    [K, 5, T, S, S], offsets and those of rigid bodies [K, 2, T, S, S] and features as f16, and backgrounds [K, 3, S, S].
    """
    decoder, parts = model.autoencoder.decoder, []
    for start in range(0, len(rows), batch):
        chosen = rows[start:start + batch]
        latent = anchored_samples(model, clips, latents, chosen, random, true)
        latent = (latent * model.autoencoder.latent_std + model.autoencoder.latent_mean).permute(0, 4, 1, 2, 3)
        image = network_pixels(clips.images(chosen)).permute(0, 3, 1, 2).contiguous()
        draft, background = decoder.layers(latent, image).draft(image), decoder.refiner.background(image)
        # Shares are kept as colours are, in [-1, 1].
        shares = torch.cat([draft.keep, draft.share], 1) * 2 - 1
        pixels = (torch.cat([draft.video, shares], 1).clamp(-1, 1) * 127).round().to(torch.int8)
        offsets, whole = draft.offsets.half(), rigid_offsets(draft, image, background).half()
        parts.append((pixels, offsets, whole, draft.features.half(), background))
    return [torch.cat(part) for part in zip(*parts)]


def kept(path, key, make):
    """What make() gives, kept in a file under a key: drafts take longer to make than a short run learns."""
    if path.exists():
        known, value = torch.load(path)
        if known == key:
            return value
    value = make()
    torch.save((key, value), path.with_suffix('.part'))
    os.replace(path.with_suffix('.part'), path)
    return value


class Drafts:
    """Drafts of the clips `rows`, as drafts_of made them, beside the true clips."""

    def __init__(self, clips, rows, made):
        self.videos, self.rows = Videos(clips), rows
        self.pixels, self.offsets, self.rigid, self.features, self.backgrounds = made

    def of(self, chosen, frames=slice(None), window=None):
        """The drafts of some of the rows, by their numbers here, and their offsets as rigid bodies; of these frames, of
        windows where they are given.
        """
        chosen = torch.from_numpy(np.asarray(chosen))
        pixels, offsets, features, rigid = (cut(each[chosen][:, :, frames], window).float()
                                            for each in (self.pixels, self.offsets, self.features, self.rigid))
        video, keep, share = (pixels / 127).split([3, 1, 1], 1)
        return Draft(video, (keep + 1) / 2, (share + 1) / 2, offsets, features), rigid

    def likeness(self, refiner=None):
        """likeness() of the refined drafts to the true clips, or of the drafts as they are."""
        made = []
        for i, row in enumerate(self.rows):
            draft, rigid = self.of([i])
            image = network_pixels(self.videos.clips.images([row])).permute(0, 3, 1, 2).contiguous()
            output = refiner.over(draft, image, self.backgrounds[[i]], rigid) if refiner else draft.video
            made.append(output.permute(0, 2, 3, 4, 1).clamp(-1, 1))
        return likeness(torch.cat(made), network_pixels(self.videos.clips.videos(self.rows)))


def main():
    parser = arguments(__doc__)
    parser.add_argument('--splits', default='wide,train')
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--clips', type=int, default=500, help='drafts, for each process: 8 MB each')
    parser.add_argument('--true', type=float, default=0.2, help='share of drafts that are made of true latents')
    parser.add_argument('--frames', type=int, default=6, help='successive frames of a clip in a step')
    parser.add_argument('--batch', type=int, default=4)
    parser.add_argument('--rate', type=float, default=2e-3)
    parser.add_argument('--adversarial', type=float, default=0.0,
                        help='length of the adversarial gradient beside that of the errors; 0: none')
    options = parser.parse_args()
    config, folder = prepare(options)
    if not config.refiner_channels:
        raise SystemExit(f'{config.size} has no refiner: its config names no channels')
    clips = Clips(options.data, options.splits.split(','), config, whole=True)
    train, measured = split_rows(len(clips), options.held_out)
    model, steps = assemble(config, folder, options.stage)
    # The refiner makes no drafts.
    steps.pop('refiner', None)
    refiner = model.autoencoder.decoder.refiner
    model.requires_grad_(False)
    refiner.requires_grad_(True)
    refiner.background.requires_grad_(False)
    modules = {'refiner': refiner}
    if options.adversarial:
        modules['discriminator'] = Discriminator()
    trainer = Trainer(modules, budget_from(options), folder, 'refiner', options.rate, seed=options.seed + 7,
                      decay=0.001, betas=(0.5 if options.adversarial else 0.9, 0.99))
    if options.resume:
        trainer.load()
    latents = Latents(folder, clips)

    def drafts_for(name, rows, random, true):
        key = [steps, options.splits, rows.tolist(), true]
        return Drafts(clips, rows, kept(folder / f'drafts-{name}.pt', key,
                                        lambda: drafts_of(model, clips, latents, rows, random, true)))

    random = trainer.random(10 ** 9)
    drafts = drafts_for(trainer.rank, random.permutation(train)[:options.clips], random, options.true)
    # The same latents at every measurement.
    held_out = None
    if trainer.rank == 0:
        held_out = drafts_for('held-out', measured, np.random.default_rng(options.seed), 0.0)
        print('drafts', held_out.likeness(), flush=True)
    side = config.latent_pixels

    def loss_of(random, _):
        chosen = random.integers(0, len(drafts.rows), options.batch)
        first = int(random.integers(1, config.frames - options.frames + 1))
        part = slice(first, first + options.frames)
        whole = drafts.videos.of(drafts.rows[chosen])
        image, video = whole[:, :, 0], whole[:, :, part]
        corners = corners_near_motion(torch.cat([whole[:, :, :1], video], 2), side, side // 2, random)
        window = Windows(corners, side // 2, side)
        (draft, rigid), video = drafts.of(chosen, part, window), window.of(video)
        background = drafts.backgrounds[torch.from_numpy(chosen)]
        output = refiner.over(draft, image, background, rigid, window)
        target = whole_where_alike(draft, image, background, rigid, video, window)
        loss, parts = refinement_loss(output, draft.video, target, window.of(image))
        if options.adversarial:
            fooled, judged = adversarial_losses(modules['discriminator'], output, video)
            loss = loss + balanced(options.adversarial, loss, fooled, output) * fooled + judged
            parts = {**parts, 'fooled': fooled.detach(), 'judged': judged.detach()}
        return loss, {**parts, 'samples': options.batch}

    @torch.no_grad()
    def evaluate():
        return {f'held_out_{name}': value for name, value in held_out.likeness(refiner).items()}

    trainer.run(loss_of, evaluate, log_every=50, evaluate_every=options.evaluate_every)


if __name__ == '__main__':
    main()
