"""Stage II in the twin: Flow-DPO with LoRA on the model's own clips, to choose the studio's default settings.

    python3 -m physmaster.stage_two --first-seed 1000 --images 160 --beta 1000 --rate 1e-4 --preference-steps 60
Pairs: for every image the best and the worst of 4 samples by strict L2 against the world (the paper's proxy task), kept
when they differ by --margin. Chosen and rejected share t and noise. Measures strict L2 and survival on `seen` and on
other `unseen` clips before and after. Pairs are cached beside the checkpoints. Does not export: LoRA is the studio's.
"""

import json

import numpy as np
import torch

from .assemble import assemble
from .command import arguments, prepare
from .data import Clips, bytes_from_network, network_pixels
from .lora import Lora
from .losses import preference_loss, velocity_errors
from .measure import score
from .sampler import default_sampler, noise_for, sample

# The paper's proxy task.
FAMILY = 'free-fall'


@torch.no_grad()
def conditions(model, images):
    """u8 first frames [B, 64, 64, 3] -> image pixels, image latents, physics tokens, domains."""
    pixels = network_pixels(images)
    domain = torch.ones(len(images), dtype=torch.long)
    return pixels, model.autoencoder.latent_from_image(pixels), model.head(model.backbone(pixels)), domain


@torch.no_grad()
def generate(model, images, seeds, sampler, lora=None, batch=16):
    """Latents of frames 1.. [K, 6, 8, 8, 16] and clips u8 [K, 25, 64, 64, 3] for images [K, ...] and seeds [K]."""
    latents, clips = [], []
    for start in range(0, len(images), batch):
        pixels, image_latent, tokens, domain = conditions(model, images[start:start + batch])
        noise = torch.stack([noise_for(model.config, int(s)) for s in seeds[start:start + batch]])
        latent = sample(model.transformer, noise, image_latent, tokens, domain, lora=lora, **sampler).float()
        video = model.autoencoder.video_from_latent(torch.cat([image_latent[:, None], latent], 1), pixels)
        latents.append(latent)
        clips.append(bytes_from_network(video))
    return torch.cat(latents), np.concatenate(clips)


def make_pairs(model, images, first_seed, split, options):
    """Best and worst of --samples clips of an image: chosen and rejected latents, image rows, difference.

    As in the studio, drawn at temperature 1: clips that are alike teach nothing.
    """
    sampler = {**default_sampler(model.config), 'temperature': 1.0}
    latents, errors = [], []
    for k in range(options.samples):
        seeds = [100_000 * (k + 1) + i for i in range(len(images))]
        latent, clips = generate(model, images, seeds, sampler)
        scores = score({'model': clips}, split, first_seed, per_clip=True, family=FAMILY)['perClip']['model']
        latents.append(latent)
        errors.append([entry['strictL2'] for entry in scores])
    errors = torch.tensor(errors)
    best, worst = errors.argmin(0), errors.argmax(0)
    difference = errors.amax(0) - errors.amin(0)
    rows = torch.nonzero(difference >= options.margin)[:, 0]
    stacked = torch.stack(latents)
    return {'chosen': stacked[best[rows], rows], 'rejected': stacked[worst[rows], rows], 'rows': rows,
            'difference': difference[rows], 'all': difference, 'spread': errors.std(0)}


def evaluate(model, clips, lora):
    """Mean strict L2, L2, survival on each named set of (images, split, first seed)."""
    result = {}
    for name, (images, split, first_seed) in clips.items():
        _, made = generate(model, images, range(1, len(images) + 1), default_sampler(model.config), lora)
        values = score({'model': made}, split, first_seed, family=FAMILY)['results']['model']
        result[name] = {key: round(values[key]['mean'], 5) for key in ('strictL2', 'l2', 'iou', 'survival')}
    return result


def main():
    parser = arguments(__doc__)
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--split', default='unseen')
    parser.add_argument('--first-seed', type=int, default=1000)
    parser.add_argument('--images', type=int, default=160)
    parser.add_argument('--samples', type=int, default=4)
    parser.add_argument('--margin', type=float, default=0.004)
    parser.add_argument('--beta', type=float, default=1000.0)
    parser.add_argument('--rate', type=float, default=1e-4)
    parser.add_argument('--preference-steps', type=int, default=60)
    parser.add_argument('--batch', type=int, default=16)
    parser.add_argument('--clips', type=int, default=128, help='clips of each split to measure on')
    options = parser.parse_args()
    config, folder = prepare(options)
    model, _ = assemble(config, folder, options.stage)
    model.requires_grad_(False)
    source = Clips(options.data, [options.split], config, family=FAMILY)
    wanted = range(options.first_seed, options.first_seed + options.images)
    by_seed = {scene['seed']: row for row, scene in enumerate(source.scenes())}
    images = source.images([by_seed[seed] for seed in wanted])
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
        path = folder / f'pairs-{options.stage}-{options.split}-{options.first_seed}-{options.images}.pt'
        if not path.exists():
            torch.save(make_pairs(model, images, options.first_seed, options.split, options), path)
        pairs = torch.load(path)
        _, image_latents, tokens, _ = conditions(model, images)
        sets = {'seen': (Clips(options.data, ['seen'], config, family=FAMILY).images(range(options.clips)), 'seen', 0),
                'unseen': (Clips(options.data, ['unseen'], config, family=FAMILY).images(range(options.clips)), 'unseen', 0)}
        kept = len(pairs['rows'])
        print(json.dumps({'pairs': kept, 'median difference': round(pairs['all'].median().item(), 5),
                          'median spread': round(pairs['spread'].median().item(), 5)}), flush=True)
        torch.manual_seed(options.seed)
        lora = Lora(config)
        print(json.dumps({'before': evaluate(model, sets, None)}), flush=True)
        optimizer = torch.optim.AdamW(lora.parameters(), lr=options.rate, weight_decay=0.0)
        random = np.random.default_rng(options.seed)
        for step in range(options.preference_steps):
            for group in optimizer.param_groups:
                group['lr'] = options.rate * min(1.0, (step + 1) / 10)
            chosen_rows = torch.from_numpy(random.integers(0, kept, options.batch))
            rows = pairs['rows'][chosen_rows]
            noise = torch.randn(options.batch, *pairs['chosen'].shape[1:])
            t = torch.sigmoid(torch.randn(options.batch))
            rest = (noise, image_latents[rows], tokens[rows], torch.ones(options.batch, dtype=torch.long), t)
            chosen, rejected = pairs['chosen'][chosen_rows], pairs['rejected'][chosen_rows]
            with torch.no_grad():
                reference = [velocity_errors(model.transformer, z, *rest) for z in (chosen, rejected)]
            policy = [velocity_errors(model.transformer, z, *rest, lora) for z in (chosen, rejected)]
            loss, margin = preference_loss(*policy, *reference, options.beta)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(lora.parameters(), 1.0)
            optimizer.step()
            if step % 10 == 0 or step + 1 == options.preference_steps:
                shift = [(p - r).mean().item() for p, r in zip(policy, reference)]
                print(json.dumps({'step': step + 1, 'loss': round(loss.item(), 5),
                                  'margin': round(margin.mean().item(), 4),
                                  'accuracy': round((margin > 0).float().mean().item(), 3),
                                  'chosen': round(shift[0], 6), 'rejected': round(shift[1], 6)}), flush=True)
        print(json.dumps({'after': evaluate(model, sets, lora)}), flush=True)


if __name__ == '__main__':
    main()
