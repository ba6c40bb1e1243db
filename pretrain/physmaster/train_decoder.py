"""Goes on with the decoder on latents as the generator makes them, while encoder and generator stay as they are.

    python3 -m physmaster.train_decoder --minutes 10
A share of the latents here are estimates (estimates.py), the rest are true; all get some noise. The more inexact they
are, the less does a decoder know where an edge is, and the softer it paints it; --adversarial sets a discriminator
against that. The target is the true clip. The result (decoder.pt) replaces the autoencoder's decoder, its motion
included.
"""

import torch

from .assemble import assemble
from .command import arguments, budget_from, prepare
from .data import Clips, Videos, split_rows
from .discriminator import Discriminator, adversarial_losses, balanced
from .estimates import InexactLatents, add_options
from .losses import motion_loss, reconstruction_loss
from .train_autoencoder import measure
from .training import Trainer
from .windows import Windows, corners_near_motion, cut

# Successive frames of a clip that the discriminator sees in a step.
SHOWN = 8


def main():
    parser = arguments(__doc__, device=True)
    add_options(parser, estimated=0.75, time=0.3)
    parser.add_argument('--noise', type=float, default=0.2, help='largest noise, in units of the latents\' spread')
    parser.add_argument('--prefer-moved', type=float, default=0.15,
                        help='by how much (L1, range 2) a moved pixel may be worse than the painted one and be taken')
    parser.add_argument('--match', type=float, default=0.25, help='weight of how unlike and spread out matches are')
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
    clips = Clips(options.data, options.splits.split(','), config, whole=True)
    train, measured = split_rows(len(clips), options.held_out)
    held_out, pixels = clips.videos(measured), Videos(clips, None if options.device == 'cpu' else options.device)
    model, _ = assemble(config, folder, options.stage)
    autoencoder = model.autoencoder
    model.requires_grad_(False)
    autoencoder.decoder.requires_grad_(True)
    if autoencoder.decoder.refiner is not None:
        # Learns afterwards, from what this decoder makes (train_refiner.py).
        autoencoder.decoder.refiner.requires_grad_(False)
    modules = {'decoder': autoencoder.decoder}
    if options.adversarial:
        modules['discriminator'] = Discriminator()
    trainer = Trainer(modules, budget_from(options), folder, 'decoder', options.rate,
                      seed=options.seed + 5, warmup=100, decay=0.001, betas=(0.5 if options.adversarial else 0.9, 0.99))
    if options.resume:
        trainer.load()
    latents = InexactLatents(options, model, clips, folder, train, trainer.random(10 ** 9))
    mean, std = autoencoder.latent_mean, autoencoder.latent_std
    side, cells = config.latent_pixels, config.latent_pixels // 2

    def loss_of(random, progress):
        whole = progress >= options.window_share
        batch = options.batch if whole else options.window_batch
        rows, latent = latents.draw(batch, random)
        whole_video = pixels.of(rows)
        window = None if whole else Windows(corners_near_motion(whole_video, side, cells, random), cells, side)
        image, video = whole_video[:, :, 0], cut(whole_video, window)
        latent = latent + torch.rand(batch, 1, 1, 1, 1) * options.noise * torch.randn(latent.shape)
        latent = (latent * std + mean).permute(0, 4, 1, 2, 3)
        with torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.bf16):
            layers = autoencoder.decoder.layers(latent, image, window, video)
        output = layers.video(video[:, :, 0])
        zero = torch.zeros(1)
        loss, parts = reconstruction_loss(output, layers.sources, video, zero, zero, 0.0)
        if autoencoder.decoder.motion is not None:
            more, of_motion = motion_loss(layers, video, config.autoencoder_patch, options.prefer_moved, options.match)
            loss, parts = loss + more, {**parts, **of_motion}
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
        with torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.bf16):
            return measure(autoencoder, held_out)

    trainer.run(loss_of, evaluate, log_every=50, evaluate_every=options.evaluate_every)


if __name__ == '__main__':
    main()
