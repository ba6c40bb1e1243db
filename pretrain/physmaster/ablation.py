"""What the PhysEncoder is worth: the base generator trained anew under other conditions, several seeds each.

    python3 -m physmaster.ablation --minutes 6 --seeds 3 --file .cache/pretrain/nano/ablation.json
Conditions: pretrained (the backbone of train_backbone.py, which trains on), random (the same network from a random
start), none (tokens are zeros), projection (a linear map of the first frame's latent, in the encoder's place). All
else is equal: clips, steps, batch, seeds of the draws. Under torchrun the ranks share each run's batch, and rank 0
measures on held-out clips by the tracker. Runs that are done are kept; an interrupted one goes on. At the end a table
of all of them is printed: means over seeds, and what a condition gains over no encoder with the same seed, which starts
from the same weights and draws the same clips, noise and times. Intervals: Student's t, 95 %.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .assemble import load_autoencoder
from .autoencoder import Autoencoder
from .backbone import Backbone
from .command import arguments, budget_from, prepare
from .data import Clips, bytes_from_network, network_pixels
from .flow_task import FlowData, FlowTask
from .head import Head
from .layers import Linear
from .measure import mean_over_families, score_families
from .sampler import clips_from_tokens
from .training import Trainer, load_ema
from .transformer import Transformer

CONDITIONS = ('pretrained', 'random', 'none', 'projection')


class Projection(nn.Module):
    """Latent of the first frame [B, 8, 8, 16] -> tokens [B, 64, 256]."""

    def __init__(self, config):
        super().__init__()
        self.project = Linear(config.latent_channels, config.width)

    def forward(self, latent):
        return self.project(latent.flatten(1, 2))


def make_condition(kind, config, folder):
    """Modules that train, and tokens(images [B, 64, 64, 3], latents [B, 8, 8, 16]) -> [B, 64, 256]."""
    if kind == 'none':
        return {}, lambda images, _: torch.zeros(len(images), config.image_tokens, config.width)
    if kind == 'projection':
        projection = Projection(config)
        return {'projection': projection}, lambda _, latents: projection(latents)
    backbone, head = Backbone(config), Head(config)
    if kind == 'pretrained':
        load_ema(backbone, folder / 'backbone.pt', 'backbone')
    return {'backbone': backbone, 'head': head}, lambda images, _: head(backbone(images))


# Student's t at 97.5 % by degrees of freedom: https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
METRICS = {
    'held-out flow loss': lambda run: run['held_out'],
    'strict L2 of still, seen': lambda run: run['seen']['ofStill'],
    'strict L2 of still, unseen': lambda run: run['unseen']['ofStill'],
    'survival, seen': lambda run: run['seen']['survival'],
}


def interval(values):
    """'mean ± half of the 95 % interval' of a few values; without the interval when it cannot be told."""
    freedom = len(values) - 1
    if freedom not in STUDENT:
        return f'{np.mean(values):.4f}'
    return f'{np.mean(values):.4f} ± {STUDENT[freedom] * np.std(values, ddof=1) / np.sqrt(len(values)):.4f}'


def table(runs):
    """Markdown of runs, each {'condition', 'seed', 'samples', 'held_out', 'seen', 'unseen'}."""
    by_condition = {}
    for run in runs:
        by_condition.setdefault(run['condition'], {})[run['seed']] = run
    lines = [f'| condition | seeds | {" | ".join(METRICS)} |', '|---|--:|' + '--:|' * len(METRICS)]
    for condition, seeds in by_condition.items():
        cells = [interval([metric(run) for run in seeds.values()]) for metric in METRICS.values()]
        lines.append(f'| {condition} | {len(seeds)} | {" | ".join(cells)} |')
    without = by_condition.get('none', {})
    for condition, seeds in by_condition.items():
        shared = [seed for seed in seeds if seed in without]
        if condition == 'none' or not shared:
            continue
        cells = [interval([metric(seeds[seed]) - metric(without[seed]) for seed in shared]) for metric in METRICS.values()]
        lines.append(f'| {condition} - none | {len(shared)} | {" | ".join(cells)} |')
    return '\n'.join(lines)


@torch.no_grad()
def measure(config, autoencoder, transformer, tokens_of, options, split, known):
    """Scores by family of clips of a held-out split; `known`: those of an earlier run, or none."""
    def make(source):
        domains, made = torch.from_numpy(source.domains()[:len(source)]), []
        for start in range(0, len(source), 16):
            rows = range(start, min(len(source), start + 16))
            images = network_pixels(source.images(rows))
            with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
                tokens = tokens_of(images, autoencoder.latent_from_image(images))
                seeds = [row + 1 for row in rows]
                video = clips_from_tokens(config, autoencoder, transformer, images, tokens, seeds, domains[list(rows)])
            made.append(bytes_from_network(video))
        return np.concatenate(made)

    return score_families(make, config, options.data, split, options.clips, known)


def main():
    parser = arguments(__doc__, device=True)
    parser.add_argument('--seeds', type=int, default=3, help='runs of every condition')
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--rate', type=float, default=1e-3)
    parser.add_argument('--clips', type=int, default=16,
                        help='of each family and held-out split; 0 trains only, and leaves measuring to a later call')
    parser.add_argument('--conditions', default=','.join(CONDITIONS))
    parser.add_argument('--start', help="checkpoint whose averaged transformer every run starts from; else at random")
    parser.add_argument('--file', required=True, help='JSON to write')
    options = parser.parse_args()
    if options.clips and options.device != 'cpu':
        parser.error('clips are measured on the processor: train with --clips 0, then call again without --device')
    config, folder = prepare(options)
    data = FlowData(config, options.data, folder, ['wide', 'train'], options.held_out)
    autoencoder = Autoencoder(config)
    if options.clips:
        load_autoencoder(autoencoder, folder)
    path = Path(options.file)
    done = json.loads(path.read_text()) if path.exists() else {}
    scores = {}
    for seed in range(1, options.seeds + 1):
        for kind in options.conditions.split(','):
            name = f'{kind}-{seed}'
            if name in done:
                continue
            torch.manual_seed(seed)
            transformer = Transformer(config)
            if options.start:
                load_ema(transformer, Path(options.start), 'transformer')
            modules, tokens_of = make_condition(kind, config, folder)
            trainer = Trainer({**modules, 'transformer': transformer}, budget_from(options), folder / 'ablation', name,
                              options.rate, seed=seed, muon=True)
            trainer.load()
            task = FlowTask(data, transformer, tokens_of, options.batch, options.bf16)
            trainer.run(task.loss_of, task.evaluate, log_every=100, evaluate_every=options.evaluate_every)
            if trainer.rank or not options.clips:
                continue
            entry = {'condition': kind, 'seed': seed, 'steps': trainer.step, 'samples': trainer.samples,
                     **trainer.with_ema(task.evaluate)}
            for split in ('seen', 'unseen'):
                scores[split] = trainer.with_ema(lambda split=split: measure(
                    config, autoencoder, transformer, tokens_of, options, split, scores.get(split)))
                entry[split] = mean_over_families(scores[split])
            done[name] = entry
            path.write_text(json.dumps(done, indent=2) + '\n')
            print(name, entry['held_out'], {split: entry[split]['ofStill']
                                            for split in ('seen', 'unseen')}, flush=True)
    if done:
        print(table(done.values()))


if __name__ == '__main__':
    main()
