"""Goes on with the decoder on latents as the generator makes them, while encoder and generator stay as they are.

    python3 -m physmaster.train_decoder --minutes 10
The autoencoder's own latents are exact to a fiftieth of their spread; a generator's are not, and a decoder that has
never seen an inexact latent turns small errors into wrong colours and vanishing objects. A share of the latents here
are the generator's one-step estimates of the data from z_t at t in [--time, 1), the rest are true; all get some noise.
The more inexact they are, the less does a decoder know where an edge is, and the softer it paints it; --adversarial
sets a discriminator against that. The target is the true clip. The result (decoder.pt) replaces the autoencoder's
decoder.
"""

import numpy as np
import torch

from .assemble import assemble
from .command import arguments, budget_from, prepare
from .data import Clips, Latents, network_pixels, split_rows
from .discriminator import Discriminator, adversarial_losses, balanced
from .losses import reconstruction_loss
from .train_autoencoder import measure
from .training import Trainer

# Successive frames of a clip that the discriminator sees in a step.
SHOWN = 8


@torch.no_grad()
def estimates(model, clips, latents, rows, random, least, batch=32):
    """One-step estimates of latents of frames 1.. from z_t: f16 [K, 6, 8, 8, 16]; t is uniform in [least, 1)."""
    parts, domains = [], clips.domains()
    for start in range(0, len(rows), batch):
        chosen = rows[start:start + batch]
        latent = latents.of(chosen)
        tokens = model.head(model.backbone(network_pixels(clips.images(chosen))))
        t = torch.from_numpy(random.uniform(least, 1, len(chosen))).float().view(-1, 1, 1, 1, 1)
        mixed = (1 - t) * torch.randn(latent[:, 1:].shape) + t * latent[:, 1:]
        told = torch.from_numpy(domains[chosen])
        velocity = model.transformer(mixed, latent[:, 0], tokens, told, t.flatten())
        parts.append((mixed + (1 - t) * velocity).half())
    return torch.cat(parts)


def main():
    parser = arguments(__doc__)
    parser.add_argument('--splits', default='wide,train')
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--clips', type=int, default=4000, help='clips with estimates, for each process')
    parser.add_argument('--estimated', type=float, default=0.75, help='share of latents that are estimates')
    parser.add_argument('--time', type=float, default=0.3, help='least t that estimates start from')
    parser.add_argument('--noise', type=float, default=0.2, help='largest noise, in units of the latents\' spread')
    parser.add_argument('--adversarial', type=float, default=0.0,
                        help='length of the adversarial gradient beside that of the reconstruction; 0: none')
    parser.add_argument('--adversarial-from', type=float, default=0.0,
                        help='progress at which it sets in; the discriminator learns from the start')
    parser.add_argument('--window-share', type=float, default=0.6, help='share of the budget spent on windows')
    parser.add_argument('--window-batch', type=int, default=12)
    parser.add_argument('--batch', type=int, default=4)
    parser.add_argument('--rate', type=float, default=1e-3)
    options = parser.parse_args()
    config, folder = prepare(options)
    splits = options.splits.split(',')
    clips = Clips(options.data, splits, config, whole=True)
    latents = Latents(folder, clips)
    train, measured = split_rows(len(clips), options.held_out)
    held_out = clips.videos(measured)
    model, _ = assemble(config, folder, options.stage)
    autoencoder = model.autoencoder
    model.requires_grad_(False)
    autoencoder.decoder.requires_grad_(True)
    modules = {'decoder': autoencoder.decoder}
    if options.adversarial:
        modules['discriminator'] = Discriminator()
    trainer = Trainer(modules, budget_from(options), folder, 'decoder', options.rate,
                      seed=options.seed + 5, warmup=100, decay=0.001, betas=(0.5 if options.adversarial else 0.9, 0.99))
    if options.resume:
        trainer.load()
    random = trainer.random(10 ** 9)
    rows = random.choice(train, min(options.clips, len(train)), False)
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
        made = estimates(model, clips, latents, rows, random, options.time)
    mean, std = autoencoder.latent_mean, autoencoder.latent_std
    side, cells = config.latent_pixels, config.latent_pixels // 2
    # Pixels that one latent stands for.
    reach = config.pixels // side

    def one(i, whole, random):
        """Latents, video and image of one clip, or of a window of it that is aligned with the latents' cells."""
        row = int(rows[i])
        video, latent = clips.video(row), latents.of([row])[0]
        if random.random() < options.estimated:
            latent = torch.cat([latent[:1], made[i].float()])
        if whole:
            return latent, video
        t = int(random.integers(1, config.frames))
        moved = np.argwhere(np.abs(video[t].astype(np.int16) - video[0]).max(-1) > 8) // reach
        centre = moved[random.integers(len(moved))] if len(moved) else random.integers(0, side, 2)
        top, left = np.clip(centre - random.integers(0, cells, 2), 0, side - cells)
        window = video[:, top * reach:(top + cells) * reach, left * reach:(left + cells) * reach]
        return latent[:, top:top + cells, left:left + cells], window

    def loss_of(random, progress):
        whole = progress >= options.window_share
        batch = options.batch if whole else options.window_batch
        chosen = [one(int(i), whole, random) for i in random.integers(0, len(rows), batch)]
        latent = torch.stack([pair[0] for pair in chosen])
        latent = latent + torch.rand(batch, 1, 1, 1, 1) * options.noise * torch.randn(latent.shape)
        latent = (latent * std + mean).permute(0, 4, 1, 2, 3)
        video = network_pixels(np.stack([pair[1] for pair in chosen])).permute(0, 4, 1, 2, 3).contiguous()
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
            paint, keep = autoencoder.decoder.layers(latent, video[:, :, 0])
        output = keep * video[:, :, :1] + (1 - keep) * paint
        zero = torch.zeros(1)
        loss, parts = reconstruction_loss(output, paint, video, zero, zero, 0.0)
        if options.adversarial:
            # A third of the frames: the discriminator would otherwise take as long as the decoder.
            first = int(random.integers(0, config.frames - SHOWN + 1))
            shown = slice(first, first + SHOWN)
            fooled, judged = adversarial_losses(modules['discriminator'], output[:, :, shown], video[:, :, shown])
            if progress >= options.adversarial_from:
                loss = loss + balanced(options.adversarial, loss, fooled, output) * fooled
            loss = loss + judged
            parts = {**parts, 'fooled': fooled.detach(), 'judged': judged.detach()}
        return loss, {**parts, 'samples': batch}

    def evaluate():
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
            return measure(autoencoder, held_out)

    trainer.run(loss_of, evaluate, log_every=50, evaluate_every=options.evaluate_every)


if __name__ == '__main__':
    main()
