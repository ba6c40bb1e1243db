"""A published model becomes checkpoints again: the assembled model is the published one, and a stage can go on."""

import json
import tempfile
import unittest
from pathlib import Path

import torch

from physmaster import safetensors
from physmaster.assemble import assemble
from physmaster.config import TINY
from physmaster.model import Model
from physmaster.restore import restore
from physmaster.training import Budget, Trainer


class RestoreTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.published, self.checkpoints = Path(folder.name) / 'published', Path(folder.name) / 'checkpoints'
        self.published.mkdir()
        self.checkpoints.mkdir()
        torch.manual_seed(2)
        self.tensors = {name: value.half().numpy() for name, value in Model(TINY).exported().items()}
        safetensors.write(self.published / 'model.safetensors', self.tensors)
        record = {'step': 7, 'seconds': 1.5, 'samples': 14}
        description = {'stage': 'base', 'seed': 3, 'training': dict.fromkeys(('autoencoder', 'backbone', 'base'), record)}
        (self.published / 'model.json').write_text(json.dumps(description))

    def test_assembled_model_is_the_published_one(self):
        restore(self.published, self.checkpoints)
        model, steps = assemble(TINY, self.checkpoints, 'base')
        assert steps == {'autoencoder': 7, 'backbone': 7, 'base': 7}
        for name, value in model.exported().items():
            assert torch.equal(value, torch.from_numpy(self.tensors[name]).float()), name

    def test_a_grown_model_keeps_where_it_came_from(self):
        path = self.published / 'model.json'
        description = json.loads(path.read_text())
        del description['training']['base']
        grown = {'size': 'smaller', 'training': {'base': {'step': 5}}}
        path.write_text(json.dumps({**description, 'grown': grown}))
        restore(self.published, self.checkpoints)
        assert json.loads((self.checkpoints / 'grown.json').read_text()) == grown
        assert torch.load(self.checkpoints / 'base.pt')['step'] == 0
        # A stage that was not trained here has no row in the card.
        assert not (self.checkpoints / 'base.jsonl').exists() and (self.checkpoints / 'backbone.jsonl').exists()

    def test_a_stage_goes_on_and_what_is_there_stays(self):
        restore(self.published, self.checkpoints)
        modules = {'head': Model(TINY).head, 'transformer': Model(TINY).transformer}
        trainer = Trainer(modules, Budget(steps=8), self.checkpoints, 'base', 1e-3)
        assert trainer.load() and trainer.step == 7 and trainer.samples == 14
        trainer.step = 99
        trainer.save()
        restore(self.published, self.checkpoints)
        assert torch.load(self.checkpoints / 'base.pt')['step'] == 99

    def test_a_backbone_that_the_base_stage_trained_wins(self):
        restore(self.published, self.checkpoints)
        model = Model(TINY)
        modules = {'backbone': model.backbone, 'head': model.head, 'transformer': model.transformer}
        Trainer(modules, Budget(steps=1), self.checkpoints, 'base', 1e-3).save()
        assembled, steps = assemble(TINY, self.checkpoints, 'base')
        assert steps['backbone'] == 7
        for name, value in model.backbone.state_dict().items():
            assert torch.equal(value, assembled.backbone.state_dict()[name]), name
        published = torch.from_numpy(self.tensors['backbone.patch.weight']).float()
        assert not torch.equal(assembled.backbone.patch.weight, published)


if __name__ == '__main__':
    unittest.main()
