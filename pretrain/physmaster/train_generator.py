"""Trains the generator by flow matching: `--stage base` on the wide world, `--stage stage_one` on the train
split.

    python3 -m physmaster.train_generator --stage base --minutes 35
    python3 -m physmaster.train_generator --stage stage_one --minutes 12
Head and transformer train; the backbone goes on from its pretraining in the base stage and is frozen in Stage I. The
autoencoder is not needed (latents are encoded beforehand). t is drawn towards 0 (see TIME_POWER); the domain is
dropped in one of ten samples for classifier-free guidance.
"""

import numpy as np
import torch

from .backbone import Backbone
from .assemble import load_backbone
from .command import arguments, budget_from, prepare
from .config import DOMAINS
from .data import Clips, network_pixels
from .head import Head
from .losses import velocity_errors
from .training import Trainer, load_ema
from .transformer import Transformer

STAGES = {'base': 'wide,train', 'stage_one': 'train'}

# t = u ** TIME_POWER for uniform u: a third of the draws below .05. The world is determined by its first frame, so
# the first step of a short sampler, from pure noise, decides the clip; logit-normal t hardly ever visits it, and
# the model then finds the colours in z_t instead of asking the image.
TIME_POWER = 2.5


def main():
    parser = arguments(__doc__)
    parser.add_argument('--stage', choices=sorted(STAGES), required=True)
    parser.add_argument('--splits', help='overrides the stage\'s split')
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--rate', type=float)
    parser.add_argument('--final', type=float, default=0.0, help='last learning rate as a share of --rate')
    parser.add_argument('--ema', type=float, default=0.999)
    parser.add_argument('--no-muon', dest='muon', action='store_false', help='AdamW for all parameters')
    options = parser.parse_args()
    config, folder = prepare(options)
    splits = (options.splits or STAGES[options.stage]).split(',')
    clips = [Clips(options.data, [split], config) for split in splits]
    modules = {'backbone': Backbone(config), 'head': Head(config), 'transformer': Transformer(config)}
    backbone, head, transformer = modules.values()
    latents = torch.cat([torch.from_numpy(np.load(folder / f'latents-{split}.npy')) for split in splits])
    images = torch.cat([torch.from_numpy(part.images(range(len(part)))) for part in clips])
    domains = torch.cat([torch.from_numpy(part.domains()) for part in clips])
    assert len(latents) == len(images), 'latents are of other clips: run encode_latents again'
    # The last clips of every split are held out, in every stage alike.
    ends = np.cumsum([len(part) for part in clips])
    held_out = np.concatenate([np.arange(end - options.held_out, end) for end in ends])
    train = np.setdiff1d(np.arange(len(latents)), held_out)
    stage_one = options.stage == 'stage_one'
    if not stage_one:
        load_ema(backbone, folder / 'backbone.pt', 'backbone')
    else:
        load_backbone(backbone, folder)
        backbone.requires_grad_(False)
        for prefix in ('head', 'transformer'):
            load_ema(modules[prefix], folder / 'base.pt', prefix)
    rate = options.rate or (3e-4 if stage_one else 1e-3)
    trainer = Trainer(modules, budget_from(options), folder, options.stage, rate, seed=options.seed + 10 * stage_one,
                      warmup=100, final=options.final, ema=options.ema, muon=options.muon)
    if options.resume:
        trainer.load()

    def errors(rows, noise, t, domain):
        data = latents[rows].float()
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
            tokens = head(backbone(network_pixels(images[rows])))
            return velocity_errors(transformer, data[:, 1:], noise, data[:, 0], tokens, domain, t)

    def loss_of(random, _progress):
        rows = torch.from_numpy(train[random.integers(0, len(train), options.batch)])
        t = torch.rand(options.batch) ** TIME_POWER
        domain = domains[rows].clone()
        domain[torch.rand(options.batch) < 0.1] = DOMAINS['none']
        noise = torch.randn(options.batch, *latents.shape[1:])[:, 1:]
        return errors(rows, noise, t, domain).mean(), {'samples': options.batch}

    @torch.no_grad()
    def evaluate():
        values = []
        generator = torch.Generator().manual_seed(0)
        for start in range(0, len(held_out), options.batch):
            rows = torch.from_numpy(held_out[start:start + options.batch])
            noise = torch.randn(len(rows), *latents.shape[1:], generator=generator)[:, 1:]
            t = torch.rand(len(rows), generator=generator) ** TIME_POWER
            values.append(errors(rows, noise, t, domains[rows]))
        return {'held_out': round(torch.cat(values).mean().item(), 5)}

    trainer.run(loss_of, evaluate, log_every=100, evaluate_every=options.evaluate_every)


if __name__ == '__main__':
    main()
