"""Trains the generator by flow matching: `--stage base` on the wide world, `--stage stage_one` on the train
split.

    python3 -m physmaster.train_generator --stage base --minutes 35
    python3 -m physmaster.train_generator --stage stage_one --minutes 12
Head and transformer train; the backbone goes on from its pretraining in the base stage and is frozen in Stage I. The
autoencoder is not needed (latents are encoded beforehand). t is drawn towards 0 (flow_task.py); the domain is dropped
in one of ten samples for classifier-free guidance.
"""

from .assemble import load_backbone
from .backbone import Backbone
from .command import arguments, budget_from, prepare
from .flow_task import TIME_POWER, FlowData, FlowTask
from .head import Head
from .training import Trainer, load_ema
from .transformer import Transformer

STAGES = {'base': 'wide,train', 'stage_one': 'train'}


def emphasis(text):
    """'free-fall=3,spring=2' -> {'free-fall': 3, 'spring': 2}."""
    return {family: int(count) for family, count in (part.split('=') for part in text.split(','))}


def main():
    parser = arguments(__doc__, device=True)
    parser.add_argument('--stage', choices=sorted(STAGES), required=True)
    parser.add_argument('--splits', help='overrides the stage\'s split')
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--rate', type=float)
    parser.add_argument('--final', type=float, default=0.0, help='last learning rate as a share of --rate')
    parser.add_argument('--ema', type=float, default=0.999)
    parser.add_argument('--time-power', type=float, default=TIME_POWER, help='t = u ** this; 1 is uniform')
    parser.add_argument('--emphasis', type=emphasis, default={}, metavar='FAMILY=N,...',
                        help='draws clips of a family N times as often')
    parser.add_argument('--no-muon', dest='muon', action='store_false', help='AdamW for all parameters')
    parser.add_argument('--compile', action='store_true', help='fuses a block\'s operations (torch 2; for GPUs)')
    options = parser.parse_args()
    config, folder = prepare(options)
    splits = (options.splits or STAGES[options.stage]).split(',')
    data = FlowData(config, options.data, folder, splits, options.held_out, options.emphasis)
    modules = {'backbone': Backbone(config), 'head': Head(config), 'transformer': Transformer(config)}
    backbone, head, transformer = modules.values()
    stage_one = options.stage == 'stage_one'
    if not stage_one:
        load_ema(backbone, folder / 'backbone.pt', 'backbone')
    else:
        load_backbone(backbone, folder)
        backbone.requires_grad_(False)
        for prefix in ('head', 'transformer'):
            load_ema(modules[prefix], folder / 'base.pt', prefix)
    rate = options.rate or (3e-4 if stage_one else 1e-3)
    if options.compile:
        for i in range(config.blocks):
            # One block's code serves all: compiling the whole transformer takes minutes.
            getattr(transformer, f'block_{i}').compile()
    trainer = Trainer(modules, budget_from(options), folder, options.stage, rate, seed=options.seed + 10 * stage_one,
                      warmup=100, final=options.final, ema=options.ema, muon=options.muon)
    if options.resume:
        trainer.load()
    task = FlowTask(data, transformer, lambda images, _: head(backbone(images)), options.batch, options.bf16,
                    options.time_power)
    trainer.run(task.loss_of, task.evaluate, log_every=100, evaluate_every=options.evaluate_every)


if __name__ == '__main__':
    main()
