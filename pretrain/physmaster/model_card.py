"""Writes public/models/<size>/README.md, the model card, from model.json: nothing in it is typed by hand.

    python3 -m physmaster.model_card
"""

import json
from pathlib import Path

from .command import arguments, prepare

ROWS = (('model', 'model (Stage I)'), ('floor', 'floor: reconstruction of the truth'),
        ('still', 'first frame repeated'), ('truth', 'tracker on the true frames'),
        ('model-without-physics', 'model, physics tokens zeroed'))
COLUMNS = (('l2', 'L2'), ('strictL2', 'strict L2'), ('chamfer', 'CD'), ('strictChamfer', 'strict CD'),
           ('iou', 'IoU'), ('survival', 'survival'), ('law', 'law'))
STAGES = (('autoencoder', 'autoencoder'), ('decoder', 'decoder, further'), ('backbone', 'backbone'),
          ('base', 'base generator'), ('stage_one', 'Stage I'))


def interval(value):
    """mean [low, high] with as many digits as are meaningful."""
    if value is None or value.get('mean') is None:
        return '-'
    return f"{value['mean']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"


def metrics_table(entry):
    """Markdown table of one split."""
    lines = ['| | ' + ' | '.join(title for _, title in COLUMNS) + ' |', '|---' * (len(COLUMNS) + 1) + '|']
    for key, title in ROWS:
        if key in entry:
            cells = ' | '.join(interval(entry[key].get(column)) for column, _ in COLUMNS)
            lines.append(f'| {title} | {cells} |')
    return lines


def samplers_table(samplers):
    """Markdown lines of sampler_table.py's result."""
    lines = ['## Samplers', '',
             f"{samplers['clips']} clips of `{samplers['data']}`, which neither training nor the metrics below have seen; "
             'velocities: forwards of the generator a clip. spread: mean difference in levels, on moving pixels, between two '
             'clips of one image. The studio draws pairs at temperature 1, since '
             'clips that are alike leave nothing to prefer, and everything else at the default.', '',
             '| method | steps | temperature | guidance | velocities | strict L2 | of first frame | survival | spread |',
             '|---' * 9 + '|']
    for row in samplers['rows']:
        lines.append(f"| {row['method']} | {row['steps']} | {row['temperature']:g} | {row['guidance']:g} | "
                     f"{row['velocities']} | {interval(row['strictL2'])} | {row['ofStill']:.3f} | "
                     f"{row['survival']['mean']:.3f} | {row['spread']:.1f} |")
    return lines


def training_table(description):
    """Markdown table of the stages."""
    lines = ['| stage | steps | training minutes | samples seen | last losses |', '|---|---|---|---|---|']
    for key, title in STAGES:
        record = description['training'].get(key)
        if record:
            names = [n for n in record if n not in ('step', 'seconds', 'rate', 'norm', 'samples')]
            losses = ', '.join(f'{name} {record[name]:.4g}' for name in names)
            minutes = record['seconds'] / 60
            lines.append(f"| {title} | {record['step']} | {minutes:.1f} | {record.get('samples', '-')} | {losses} |")
    return lines


def card(description):
    """The whole card as text."""
    config, budget = description['config'], description['budget']
    counts, flops = budget['parameters'], budget['flops']
    stage = 'Stage I' if description['stage'] == 'stage_one' else 'base generator, before Stage I'
    lines = [
        f"# {description['name']}", '',
        f"Image to video of falling rigid bodies: {config['frames']} frames of {config['pixels']} x {config['pixels']} "
        f"at {config['frames_per_second']} fps from one image. State: {stage}. Weights are f16 "
        f"(`model.safetensors`, sha256 `{description['sha256'][:16]}`), arithmetic is f32.", '',
        '| part | parameters |', '|---|---|',
        *[f'| {name} | {value:,} |' for name, value in counts.items()], '',
        f"Arithmetic of one clip: generator {flops['generator'] / 1e9:.2f} GFLOP a forward (budget 2), decoder "
        f"{flops['decoder'] / 1e9:.2f} (budget 5), encoder {flops['encoder'] / 1e9:.2f}. Sampler: "
        f"{config['sampler_method']}, {config['sampler_steps']} steps, guidance {config['guidance']:g} (one forward a step), temperature "
        f"{config['temperature']:g} (spread of the initial noise).", '',
        '## Parts', '',
        '- **Autoencoder**: causal 3D convolutions, 8x in space and 4x in time, 7 x 8 x 8 x 16 latents. Its decoder '
        'also gets the first frame, keeps its pixels where nothing changes and paints the rest: latents carry motion.',
        '- **PhysEncoder**: a ViT backbone pretrained on depth, object masks and heights from the renderer, trained on '
        'with the base generator and frozen from Stage I on; a convolutional head fuses its four levels into 64 '
        'physics tokens.',
        '- **Video transformer**: flow matching, adaLN, QK norm, 3D rotary positions; sequence of 96 video tokens, 64 '
        'physics tokens and a domain token (dropped in a tenth of the samples).', '',
        '## Data', '',
        'Rendered by `scripts/dataset.ts`; a folder is family, split, first seed and number of clips, and follows '
        'from them bit for bit.', '',
        *[f"- {split}: {', '.join(f'`{name}`' for name in names)}" for split, names in description['data'].items()],
        '', 'Autoencoder, backbone and base generator see `wide` and `train`, Stage I `train` alone. `train` and '
        '`seen` never contain the held-out quarter of combinations of shape, material, size, height and support; '
        'dropped objects in `unseen` have no others. The autoencoder, the backbone and the base generator know all '
        'looks and combinations through `wide`; Stage I does not.', '',
        f"## Training (seed {description['seed']})", '', *training_table(description), '',
        'Losses named `held_out` are of clips that were not trained on.',
    ]
    lines += [f'\n{note}' for note in description.get('notes', [])]
    if 'samplers' in description:
        lines += ['', *samplers_table(description['samplers'])]
    if 'metrics' in description:
        metrics = description['metrics']
        lines += ['', '## Metrics', '',
                  f"{metrics['clips']} clips a split, mean and bootstrap 95 % interval over clips. PISA's definitions; "
                  'strict counts a missing object as the largest error. law: relative error of the family\'s own law as '
                  'measured on the tracked clip (1 at most; 1 where it cannot be measured). One training seed.']
        for family, splits in metrics['families'].items():
            for split, entry in splits.items():
                psnr = entry['reconstruction']
                ratio = entry['model']['strictL2']['mean'] / entry['still']['strictL2']['mean']
                lines += ['', f'### {family}, {split}', '', *metrics_table(entry), '',
                          f"Reconstruction {psnr['psnr']:.1f} dB ({psnr['psnr_moving']:.1f} dB on pixels near motion). "
                          f"Strict L2 is {ratio:.3f} of the first frame repeated."]
    lines += ['', '## Limits', '',
              'One family of scenes (free fall), one camera, six materials. An image from elsewhere is outside what the '
              'model was trained on: it keeps the image\'s pixels, but the motion means little. The model has no text '
              'input. One training seed: differences smaller than those between seeds are not known to be real.']
    return '\n'.join(lines) + '\n'


def main():
    parser = arguments(__doc__)
    parser.add_argument('--models', default='public/models')
    options = parser.parse_args()
    config, _ = prepare(options)
    folder = Path(options.models) / config.size
    description = json.loads((folder / 'model.json').read_text())
    (folder / 'README.md').write_text(card(description))
    print(folder / 'README.md')


if __name__ == '__main__':
    main()
