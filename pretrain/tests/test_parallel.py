"""Two processes that share a batch train what one process trains on the joint batch."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
PARALLEL = ['-m', 'torch.distributed.run', '--nnodes', '1', '--nproc_per_node', '2', '--master_addr', '127.0.0.1',
            '--master_port', '29531', '--redirects', '9:1', '--tee', '9:1']


def run(folder, clips, *words):
    """Runs parallel_run.py. Returns its parameters, its final evaluation and the samples it saw."""
    environment = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    subprocess.run([sys.executable, *words, '-m', 'tests.parallel_run', folder, str(clips)], cwd=ROOT, env=environment,
                   check=True, capture_output=True, timeout=600)
    state = torch.load(Path(folder) / 'run.pt')
    final = json.loads((Path(folder) / 'run.jsonl').read_text().splitlines()[-1])
    return state['parameters'], final['held_out'], state['samples']


class ParallelTest(unittest.TestCase):
    def test_two_processes_equal_one_on_the_joint_batch(self):
        folders = [tempfile.TemporaryDirectory() for _ in range(3)]
        for folder in folders:
            self.addCleanup(folder.cleanup)
        alone, loss_alone, samples_alone = run(folders[0].name, 4)
        shared, loss_shared, samples_shared = run(folders[1].name, 2, *PARALLEL)
        assert samples_alone == samples_shared == 24
        assert abs(loss_alone - loss_shared) < 1e-5 * loss_alone, (loss_alone, loss_shared)
        for key, p in alone.items():
            assert torch.allclose(p, shared[key], atol=2e-5), (key, (p - shared[key]).abs().max())
        # Negative control: a process that learns from its own half alone ends elsewhere.
        half, loss_half, _ = run(folders[2].name, 2)
        assert abs(loss_alone - loss_half) > 1e-4 * loss_alone, (loss_alone, loss_half)
        assert any(not torch.allclose(p, half[key], atol=2e-5) for key, p in alone.items())


if __name__ == '__main__':
    unittest.main()
