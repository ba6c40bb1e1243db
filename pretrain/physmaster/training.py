"""The loop that every stage shares: schedule, EMA, gradient clipping, checkpoints, JSONL log, simple data
parallelism.

Randomness of a step is a function of (seed, rank, step), so a resumed run draws what an uninterrupted one
would. Several machines: start with torchrun; gradients are averaged over ranks (gloo), rank 0 logs and saves.
Does not do: mixed-precision scaling (bf16 needs none), sharded optimizers.
"""

import json
import math
import os
import re
import time
from pathlib import Path

import numpy as np
import torch
from torch import distributed

from .muon import Muon

# Matrices inside transformer blocks, by name.
HIDDEN = re.compile(r'transformer\.block_\d+\.(qkv|output|mlp_1|mlp_2)\.weight$')


def start_process_group():
    """Joins torchrun's group when there is one. Returns (rank, ranks)."""
    ranks = int(os.environ.get('WORLD_SIZE', '1'))
    if ranks > 1 and not distributed.is_initialized():
        distributed.init_process_group('gloo')
    return int(os.environ.get('RANK', '0')), ranks


class Budget:
    """When a stage ends: after `steps` steps or `minutes` of training, whichever comes first. progress in [0,
    1].
    """

    def __init__(self, steps=None, minutes=None):
        if not steps and not minutes:
            raise ValueError('a budget needs steps or minutes')
        self.steps, self.minutes = steps, minutes

    def progress(self, step, seconds):
        by_steps = step / self.steps if self.steps else 0.0
        by_time = seconds / (60 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(by_steps, by_time))


def cosine(progress, final=0.0):
    """Cosine from 1 to `final`."""
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress))


class Trainer:
    """Trains the parameters of `modules` (a name -> nn.Module dictionary) with AdamW, and with `muon` the hidden
    matrices of transformer blocks with Muon.

    run(loss_of, evaluate) calls loss_of(random, progress) -> (loss tensor, dictionary of numbers) each step;
    the dictionary's `samples` is the batch size, the rest is averaged into the log.
    """

    def __init__(self, modules, budget, folder, name, rate, seed=0, warmup=100, decay=0.01, betas=(0.9, 0.99),
                 ema=0.999, clip=1.0, final=0.0, save_seconds=60.0, muon=False):
        self.modules, self.budget, self.name, self.rate, self.seed = modules, budget, name, rate, seed
        self.warmup, self.clip, self.final, self.ema_decay = warmup, clip, final, ema
        self.save_seconds = save_seconds
        self.rank, self.ranks = start_process_group()
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.parameters = {f'{key}.{name}': p for key, module in modules.items()
                           for name, p in module.named_parameters() if p.requires_grad}
        hidden = [p for key, p in self.parameters.items() if muon and HIDDEN.search(key)]
        others = [p for p in self.parameters.values() if not any(p is q for q in hidden)]
        groups = [{'params': [p for p in others if p.dim() > 1], 'weight_decay': decay},
                  {'params': [p for p in others if p.dim() <= 1], 'weight_decay': 0.0}]
        self.optimizers = [torch.optim.AdamW(groups, lr=rate, betas=betas)]
        if hidden:
            self.optimizers.append(Muon(hidden, rate))
        self.ema = {key: p.detach().clone() for key, p in self.parameters.items()}
        self.step, self.seconds, self.samples = 0, 0.0, 0
        # The step at which the optimizers had no state: the rate warms up from there.
        self.fresh_at = 0

    @property
    def path(self):
        return self.folder / f'{self.name}.pt'

    def random(self, step):
        """The step's numpy generator; seeds torch too (posterior noise)."""
        torch.manual_seed((self.seed * 1_000_003 + self.rank * 7_919 + step) % 2 ** 63)
        return np.random.default_rng([self.seed, self.rank, step])

    def save(self):
        """Atomic checkpoint: parameters, optimizer, EMA, step, seconds."""
        if self.rank:
            return
        state = {
            'parameters': {key: p.detach() for key, p in self.parameters.items()}, 'ema': self.ema,
            'optimizers': [optimizer.state_dict() for optimizer in self.optimizers], 'step': self.step,
            'seconds': self.seconds, 'samples': self.samples, 'seed': self.seed, 'fresh_at': self.fresh_at,
        }
        temporary = self.path.with_suffix('.part')
        torch.save(state, temporary)
        os.replace(temporary, self.path)

    def load(self):
        """Continues from the checkpoint if there is one. Returns whether there was."""
        if not self.path.exists():
            return False
        state = torch.load(self.path, map_location='cpu')
        for key, value in state['parameters'].items():
            self.parameters[key].data.copy_(value)
            self.ema[key].copy_(state['ema'][key])
        # restore.py's checkpoints have no optimizer state, and not what exists in training only.
        for optimizer, kept in zip(self.optimizers, state.get('optimizers', [])):
            optimizer.load_state_dict(kept)
        self.step, self.seconds, self.seed = state['step'], state['seconds'], state['seed']
        self.samples = state.get('samples', 0)
        self.fresh_at = state.get('fresh_at', 0) if state.get('optimizers') else self.step
        return True

    def log(self, record):
        """One JSON line in <name>.jsonl."""
        if self.rank:
            return
        with open(self.folder / f'{self.name}.jsonl', 'a', encoding='utf-8') as file:
            file.write(json.dumps(record) + '\n')
        print(json.dumps(record), flush=True)

    def with_ema(self, action):
        """Runs action() with the averaged parameters in place, then puts the trained ones back."""
        kept = {key: p.detach().clone() for key, p in self.parameters.items()}
        for key, p in self.parameters.items():
            p.data.copy_(self.ema[key])
        try:
            return action()
        finally:
            for key, p in self.parameters.items():
                p.data.copy_(kept[key])

    def _average_gradients(self):
        flat = torch.cat([p.grad.flatten() for p in self.parameters.values()])
        distributed.all_reduce(flat)
        offset = 0
        for p in self.parameters.values():
            p.grad.copy_(flat[offset:offset + p.numel()].view_as(p) / self.ranks)
            offset += p.numel()

    def run(self, loss_of, evaluate=None, log_every=50, evaluate_every=500, stop_at=None):
        """Trains until the budget is spent (or step `stop_at`, for tests). Saves at intervals and at the end.
        """
        saved = time.monotonic()
        sums, count = {}, 0
        while True:
            progress = self.budget.progress(self.step, self.seconds)
            if self.ranks > 1:
                # All ranks stop together: the slowest clock decides.
                shared = torch.tensor([progress])
                distributed.all_reduce(shared, distributed.ReduceOp.MAX)
                progress = shared.item()
            if progress >= 1 or (stop_at is not None and self.step >= stop_at):
                break
            begun = time.monotonic()
            rate = self.rate * cosine(progress, self.final) * min(1.0, (self.step - self.fresh_at + 1) / self.warmup)
            for optimizer in self.optimizers:
                for group in optimizer.param_groups:
                    group['lr'] = rate
                optimizer.zero_grad(set_to_none=True)
            loss, parts = loss_of(self.random(self.step), progress)
            self.samples += parts.pop('samples') * self.ranks
            loss.backward()
            if self.ranks > 1:
                self._average_gradients()
            norm = torch.nn.utils.clip_grad_norm_(list(self.parameters.values()), self.clip)
            for optimizer in self.optimizers:
                optimizer.step()
            self.step += 1
            decay = min(self.ema_decay, (1 + self.step) / (10 + self.step))
            names = list(self.parameters)
            torch._foreach_mul_([self.ema[key] for key in names], decay)
            torch._foreach_add_([self.ema[key] for key in names],
                                [self.parameters[key].detach() for key in names], alpha=1 - decay)
            # Tensors until they are logged: reading one would make the processor wait for a GPU in every step.
            for key, value in {'loss': loss.detach(), 'norm': norm, **parts}.items():
                sums[key] = sums.get(key, 0.0) + value
            count += 1
            self.seconds += time.monotonic() - begun
            if self.step % log_every == 0:
                record = {'step': self.step, 'seconds': round(self.seconds, 1), 'samples': self.samples, 'rate': rate}
                record.update({key: round(float(value) / count, 6) for key, value in sums.items()})
                # The other ranks wait at their next gradient.
                if evaluate and self.rank == 0 and self.step % evaluate_every == 0:
                    record.update(self.with_ema(evaluate))
                self.log(record)
                sums, count = {}, 0
            if time.monotonic() - saved > self.save_seconds:
                self.save()
                saved = time.monotonic()
        if evaluate and self.rank == 0:
            record = {'step': self.step, 'seconds': round(self.seconds, 1), 'samples': self.samples, 'final': True}
            self.log({**record, **self.with_ema(evaluate)})
        self.save()


def load_ema(module, path, prefix):
    """Copies the averaged parameters `prefix.*` of a checkpoint into a module. Returns the checkpoint's step.
    """
    state = torch.load(path, map_location='cpu')
    own = dict(module.named_parameters())
    for key, value in state['ema'].items():
        if key.startswith(f'{prefix}.'):
            own[key[len(prefix) + 1:]].data.copy_(value)
    return state['step']
