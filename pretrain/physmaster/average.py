"""Averages two checkpoints of one stage, parameter by parameter (model soups, arXiv:2203.05482).

    python3 -m physmaster.average --first stage_one-short.pt --second stage_one-long.pt --share 0.5
Writes <out>/<size>/stage_one.pt with (1 - share) first + share second of the averaged (EMA) weights, and the steps,
seconds and samples of the second. Both must have gone on from the same weights. Optimizer state is left out, as in
restore.py: a stage that goes on from the result starts it anew.
"""

from pathlib import Path

import torch

from .command import arguments, prepare


def average(first, second, share):
    """A checkpoint between two. Raises ValueError when their parameters differ in name or shape."""
    shapes = [{key: value.shape for key, value in state['ema'].items()} for state in (first, second)]
    if shapes[0] != shapes[1]:
        raise ValueError('the two checkpoints have different parameters')
    mixed = {key: (1 - share) * first['ema'][key] + share * value for key, value in second['ema'].items()}
    return {'parameters': mixed, 'ema': {key: value.clone() for key, value in mixed.items()},
            **{name: second[name] for name in ('step', 'seconds', 'samples', 'seed')}}


def main():
    parser = arguments(__doc__)
    parser.add_argument('--first', required=True, help='checkpoint')
    parser.add_argument('--second', required=True, help='checkpoint')
    parser.add_argument('--share', type=float, default=0.5, help='of the second')
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one', help='what it is saved as')
    options = parser.parse_args()
    _, folder = prepare(options)
    mixed = average(torch.load(Path(options.first)), torch.load(Path(options.second)), options.share)
    torch.save(mixed, folder / f'{options.stage}.pt')


if __name__ == '__main__':
    main()
