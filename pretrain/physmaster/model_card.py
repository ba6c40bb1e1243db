"""Writes public/models/<size>/README.md, the model card, from model.json: nothing in it is typed by hand.

    python3 -m physmaster.model_card
"""

import json
from pathlib import Path

from .command import arguments, prepare
from .config import LIMITS, Config

ROWS = (('model', 'model (Stage I)'), ('floor', 'floor: reconstruction of the truth'),
        ('still', 'first frame repeated'), ('truth', 'tracker on the true frames'),
        ('model-without-physics', 'model, physics tokens zeroed'))
COLUMNS = (('l2', 'L2'), ('strictL2', 'strict L2'), ('chamfer', 'CD'), ('strictChamfer', 'strict CD'),
           ('iou', 'IoU'), ('survival', 'survival'), ('law', 'law'))
STAGES = (('autoencoder', 'autoencoder'), ('motion', 'motion'), ('decoder', 'decoder, further'),
          ('background', 'background'), ('refiner', 'refiner'), ('backbone', 'backbone'), ('base', 'base generator'), ('stage_one', 'Stage I'))


def interval(value):
    """mean [low, high] with as many digits as are meaningful."""
    if value is None or value.get('mean') is None:
        return '-'
    return f"{value['mean']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"


def share(entry):
    """Strict L2 of the model as a share of that of the first frame repeated."""
    return entry['model']['strictL2']['mean'] / entry['still']['strictL2']['mean']


def mean(entry, row, column):
    """One mean of a split's entry with as many digits as are meaningful."""
    value = entry.get(row, {}).get(column)
    return '-' if value is None or value['mean'] is None else f"{value['mean']:.4f}"


def overview(families):
    """Markdown table with a row for each family and split."""
    lines = ['| family | split | strict L2 | of first frame | zeroed | floor | L2 | IoU | survival | law | law of truth | dB |',
             '|---' * 12 + '|']
    for family, splits in families.items():
        for split, entry in splits.items():
            lines.append(
                f"| {family} | {split} | {interval(entry['model']['strictL2'])} | {share(entry):.3f} | "
                f"{mean(entry, 'model-without-physics', 'strictL2')} | {mean(entry, 'floor', 'strictL2')} | "
                f"{mean(entry, 'model', 'l2')} | {mean(entry, 'model', 'iou')} | {mean(entry, 'model', 'survival')} | "
                f"{mean(entry, 'model', 'law')} | {mean(entry, 'truth', 'law')} | {entry['reconstruction']['psnr']:.1f} |")
    return lines


def metrics_table(entry):
    """Markdown table of one split."""
    lines = ['| | ' + ' | '.join(title for _, title in COLUMNS) + ' |', '|---' * (len(COLUMNS) + 1) + '|']
    for key, title in ROWS:
        if key in entry:
            cells = ' | '.join(interval(entry[key].get(column)) for column, _ in COLUMNS)
            lines.append(f'| {title} | {cells} |')
    return lines


def reconstruction_line(reconstruction):
    """What is known of a reconstruction near motion. Models that were measured earlier have no `edges`."""
    edges = reconstruction.get('edges')
    sharp = '' if edges is None else f', edges {edges:.2f} of the true ones (squared differences of neighbouring pixels)'
    return f'reconstruction near motion {reconstruction["psnr_moving"]:.1f} dB{sharp}'


def metrics_section(metrics):
    """Markdown lines of measure.py's result."""
    families = metrics['families']
    seen = [splits['seen'] for splits in families.values() if 'seen' in splits]
    below = sum(share(entry) <= 0.2 for entry in seen)
    counts = {split: entry['clips'] for splits in families.values() for split, entry in splits.items()}
    lines = ['', '## Metrics', '',
             f"Clips of each family: {', '.join(f'{count} {split}' for split, count in counts.items())}. Mean and bootstrap "
             "95 % interval over clips. PISA's definitions; "
             'strict counts a missing object as the largest error. of first frame: strict L2 as a share of that of the first '
             'frame repeated. zeroed: strict L2 with the physics tokens zeroed. floor: strict L2 of the reconstruction of '
             "the truth. law: relative error of the family's own law as measured on the tracked clip (1 at most; 1 where it "
             'cannot be measured). dB: PSNR of the reconstruction. One training seed.', '',
             f'On *seen*, strict L2 is at most a fifth of the first frame repeated in {below} of {len(seen)} families.', '',
             *overview(families)]
    for family, splits in families.items():
        lines += ['', '<details>', f'<summary>{family}: every metric</summary>']
        for split, entry in splits.items():
            lines += ['', f'{split}; {reconstruction_line(entry["reconstruction"])}', '', *metrics_table(entry)]
        lines += ['', '</details>']
    return lines


def samplers_table(samplers):
    """Markdown lines of sampler_table.py's result."""
    lines = ['## Samplers', '',
             f"{samplers['clips']} clips a family, which neither training nor the metrics below have seen "
             f"(`{samplers['data'][0]}` and so on); means over families, each counting the same; velocities: forwards of the "
             'generator a clip. spread: mean difference in levels, on moving pixels, between two clips of one image. The '
             'studio draws pairs at temperature 1, since clips that are alike leave nothing to prefer, and everything else '
             'at the default.', '',
             '| method | steps | temperature | guidance | velocities | strict L2 | of first frame | survival | spread |',
             '|---' * 9 + '|']
    for row in samplers['rows']:
        lines.append(f"| {row['method']} | {row['steps']} | {row['temperature']:g} | {row['guidance']:g} | "
                     f"{row['velocities']} | {row['strictL2']:.4f} | {row['ofStill']:.3f} | "
                     f"{row['survival']:.3f} | {row['spread']:.1f} |")
    return lines


def ancestors(description):
    """Records of the models that this one has grown out of, the first first."""
    before = description.get('grown')
    return [*ancestors(before), before] if before else []


def training_table(description):
    """Markdown table of the stages."""
    lines = ['| stage | steps | training minutes | samples seen | last losses |', '|---|---|---|---|---|']
    for before in ancestors(description):
        lines += training_rows(before['training'], f"as {before['size']}: ")
    return lines + training_rows(description['training'])


def training_rows(records, prefix=''):
    """Table rows of the stages that one model has trained itself."""
    lines = []
    for key, title in STAGES:
        record = records.get(key)
        if record:
            names = [n for n in record if n not in ('step', 'seconds', 'rate', 'norm', 'samples')]
            losses = ', '.join(f'{name} {record[name]:.4g}' for name in names)
            minutes = record['seconds'] / 60
            samples = record.get('samples', '-')
            lines.append(f"| {prefix}{title} | {record['step']} | {minutes:.1f} | {samples} | {losses} |")
    return lines


def curve_lines(curves):
    """Markdown tables of what held-out clips showed as training went on."""
    lines = []
    for key, title in STAGES:
        points = curves.get(key, [])
        if points:
            names = [name for name in points[0] if name != 'samples']
            lines += ['', f'{title}, on held-out clips as it went on:', '',
                      f"| samples seen | {' | '.join(names)} |", '|---:' * (len(names) + 1) + '|',
                      *[f"| {point['samples']} | {' | '.join(f'{point[name]:.4g}' for name in names)} |" for point in points]]
    return lines


def data_lines(description):
    """Markdown list of the folders that training has drawn from, those of the models that it has grown out of first."""
    lines, known = [], []
    for title, data in [*((f"{before['size']}, ", before['data']) for before in ancestors(description)),
                        ('', description['data'])]:
        # small-64 learns from nano's clips.
        if data not in known:
            lines += [f"- {title}{split}: {', '.join(f'`{name}`' for name in names)}" for split, names in data.items()]
        known.append(data)
    return lines


def card(description):
    """The whole card as text."""
    config, budget = description['config'], description['budget']
    counts, flops, limits = budget['parameters'], budget['flops'], LIMITS[config['size']]
    sizes, families = Config(**config), description['families']
    latents = f'{sizes.latent_frames} x {sizes.latent_pixels} x {sizes.latent_pixels} x {sizes.latent_channels}'
    refiner = (' A refiner goes over the clip at twice the resolution of that: it puts the background, which it makes of '
               'the first frame, in place of what is left of a body, and bodies moved whole in place of dented ones. In '
               'the domains rigid and optics, where bodies keep their shapes, the placements of all of them are then sought '
               'that explain together what was decoded, and their pictures in the first frame are put there, as light as it '
               'was decoded (`src/model/whole-bodies.ts`; no network).')
    stage = 'Stage I' if description['stage'] == 'stage_one' else 'base generator, before Stage I'
    lines = [
        f"# {description['name']}", '',
        f"Image to video of simple physics: {config['frames']} frames of {config['pixels']} x {config['pixels']} at "
        f"{config['frames_per_second']} fps from one image, for {len(families)} families of scenes "
        f"({', '.join(families)}). State: {stage}. Weights are f16 "
        f"(`model.safetensors`, sha256 `{description['sha256'][:16]}`), arithmetic is f32.", '',
        '| part | parameters |', '|---|---|',
        *[f'| {name} | {value:,} |' for name, value in counts.items()], '',
        f"Arithmetic of one clip: generator {flops['generator'] / 1e9:.2f} GFLOP a forward (at most "
        f"{limits.generator_flops / 1e9:g}), decoder {flops['decoder'] / 1e9:.2f} (at most {limits.decoder_flops / 1e9:g}), "
        f"encoder {flops['encoder'] / 1e9:.2f}. Sampler: {config['sampler_method']}, {config['sampler_steps']} steps, "
        f"guidance {config['guidance']:g} (one forward a step), temperature {config['temperature']:g} (spread of the "
        'initial noise).', '',
        '## Parts', '',
        f'- **Autoencoder**: causal 3D convolutions, {4 * sizes.autoencoder_patch}x in space and 4x in time, {latents} '
        'latents. Its decoder also gets the first frame, keeps its pixels where nothing changes and '
        f"{'moves or paints' if sizes.motion_channels else 'paints'} the rest: latents carry motion."
        f"{refiner if sizes.refiner_channels else ''}",
        '- **PhysEncoder**: a ViT backbone pretrained on depth, object masks and heights from the renderer, trained on '
        f'with the base generator and frozen from Stage I on; a convolutional head fuses its four levels into '
        f'{sizes.image_tokens} physics tokens.',
        f'- **Video transformer**: flow matching, adaLN, QK norm, 3D rotary positions; sequence of {sizes.video_tokens} '
        f'video tokens, {sizes.image_tokens} physics tokens and a domain token (dropped in a tenth of the samples).', '',
        '## Data', '',
        'Rendered by `scripts/dataset.ts`; a folder is family, split, first seed and number of clips, and follows '
        'from them bit for bit. What the families and splits are: docs/data-card.md.', '',
        *data_lines(description),
        '', 'Autoencoder, backbone and base generator see `wide` and `train`, Stage I `train` alone. `train` and '
        '`seen` never contain the held-out quarter of combinations of a family\'s factors; `unseen` has no others; '
        '`out-of-range` goes beyond them. The autoencoder, the backbone and the base generator know all looks and '
        'combinations through `wide`; Stage I does not.', '',
        f"## Training (seed {description['seed']})", '', *training_table(description), '',
        'Losses named `held_out`, PSNR and edges are of clips that were not trained on.',
        *curve_lines(description.get('curves', {})),
    ]
    if 'grown' in description:
        names = [before['size'] for before in ancestors(description)] + [config['size']]
        lines += ['', f"Grown (`grow.py`): {' -> '.join(names)}; each began as the function that the one before had become. "
                  'Networks with no row under a name have not been trained there.']
    lines += [f'\n{note}' for note in description.get('notes', [])]
    if 'samplers' in description:
        lines += ['', *samplers_table(description['samplers'])]
    if 'metrics' in description:
        lines += metrics_section(description['metrics'])
    lines += ['', '## Limits', '',
              f'{len(families)} families of simulated scenes, one camera, simple shapes. An image from elsewhere is outside '
              'what the model was trained on: it keeps the image\'s pixels, but the motion means little. The model has no '
              'text input. One training seed: differences smaller than those between seeds are not known to be real.']
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
