"""Options that every training command shares."""

import argparse
import os
from pathlib import Path

import torch

from .config import CLIPS_OF, SIZES
from .precision import has_bf16
from .training import Budget


def arguments(description, device=False):
    """Parser with the shared options; `device`: with the choice of where networks learn."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--size', choices=sorted(SIZES), default='nano')
    parser.add_argument('--data', default='.cache/data', help='clips of scripts/dataset.ts; a folder a size')
    parser.add_argument('--out', default='.cache/pretrain', help='checkpoints, logs and latents; a folder a size')
    parser.add_argument('--minutes', type=float)
    parser.add_argument('--steps', type=int)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--threads', type=int, default=max(1, (os.cpu_count() or 1)))
    parser.add_argument('--held-out', type=int, default=64,
                        help='clips, spread over the split, that are measured and not trained on')
    parser.add_argument('--evaluate-every', type=int, default=500, help='steps')
    parser.add_argument('--kl', type=float, default=1e-4)
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--no-bf16', dest='bf16', action='store_false', default=None,
                        help='compute in f32; so does a processor without bf16 by itself')
    parser.set_defaults(device='cpu')
    if device:
        parser.add_argument('--device', choices=('cpu', 'cuda'), help='where networks learn')
    return parser


def clips_folder(data, size):
    """Where a size's clips are."""
    return Path(data) / CLIPS_OF.get(size, size)


def prepare(options):
    """Sets threads, the device of new tensors, the seed and the folder of the size's clips. Returns the config and the
    output folder.
    """
    torch.set_num_threads(options.threads)
    if options.bf16 is None:
        options.bf16 = has_bf16(options.device)
    if options.device != 'cpu':
        if not torch.cuda.is_available() or not hasattr(torch, 'set_default_device'):
            raise SystemExit(f'--device {options.device} needs a GPU and torch 2 (this is {torch.__version__})')
        torch.set_default_device(options.device)
        torch.backends.cudnn.benchmark = True
    torch.manual_seed(options.seed)
    folder = Path(options.out) / options.size
    folder.mkdir(parents=True, exist_ok=True)
    options.data = clips_folder(options.data, options.size)
    return SIZES[options.size], folder


def budget_from(options):
    """The stage's budget; 1 minute when nothing is said."""
    if options.steps is None and options.minutes is None:
        return Budget(minutes=1)
    return Budget(options.steps, options.minutes)
