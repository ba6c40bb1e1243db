"""Pretrains the PhysEncoder's backbone on first frames: depth, which pixels belong to a dropped object, its
height.

    python3 -m physmaster.train_backbone --minutes 4
The renderer's answers stand where Depth Anything has its teacher's. The prediction head is thrown away
afterwards.
"""

import numpy as np
import torch
from torch.nn import functional as F

from .backbone import Backbone, PerceptionHead
from .command import arguments, budget_from, prepare
from .data import Clips, network_pixels, split_rows
from .training import Trainer


def height_maps(clips, masks):
    """Height of the object's centre above the floor in metres at its pixels, else 0: f32 [K, 64, 64]."""
    heights = np.zeros(masks.shape, np.float32)
    for row, scene in enumerate(clips.scenes()):
        for thing in scene['objects']:
            if thing['label']:
                heights[row][masks[row] == thing['label']] = thing['position'][1]
    return heights


def perception_loss(prediction, depth, mask, height):
    """prediction [B, H, W, 3]; depth standardised, mask 0/1, height in metres (at mask pixels). (loss,
    parts).
    """
    depth_error = (prediction[..., 0] - depth).abs().mean()
    mask_error = F.binary_cross_entropy_with_logits(prediction[..., 1], mask)
    height_error = ((prediction[..., 2] - height).abs() * mask).sum() / mask.sum().clamp(min=1)
    parts = {'depth': depth_error.item(), 'mask': mask_error.item(), 'height': height_error.item()}
    return depth_error + mask_error + height_error, parts


def main():
    parser = arguments(__doc__)
    parser.add_argument('--splits', default='wide,train')
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--rate', type=float, default=1e-3)
    options = parser.parse_args()
    config, folder = prepare(options)
    clips = Clips(options.data, options.splits.split(','), config)
    everything = range(len(clips))
    images, masks = clips.images(everything), clips.first_masks(everything)
    depths, heights = clips.first_depths(everything), height_maps(clips, masks)
    centre, spread = depths.mean(), depths.std()
    train, held_out = split_rows(len(clips), options.held_out)
    backbone, perception = Backbone(config), PerceptionHead(config)
    trainer = Trainer({'backbone': backbone, 'perception': perception}, budget_from(options), folder, 'backbone',
                      options.rate, seed=options.seed, warmup=200)
    if options.resume:
        trainer.load()

    def predict(rows, flip):
        image = network_pixels(images[rows])
        targets = [torch.from_numpy((depths[rows] - centre) / spread), torch.from_numpy(masks[rows] > 0).float(),
                   torch.from_numpy(heights[rows])]
        if flip:
            image, targets = image.flip(2), [target.flip(2) for target in targets]
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
            prediction = perception(backbone(image)).float()
        return prediction, targets

    def loss_of(random, _progress):
        prediction, targets = predict(train[random.integers(0, len(train), options.batch)], random.random() < 0.5)
        loss, parts = perception_loss(prediction, *targets)
        return loss, {**parts, 'samples': options.batch}

    @torch.no_grad()
    def evaluate():
        prediction, targets = predict(held_out, False)
        loss, parts = perception_loss(prediction, *targets)
        mask, truth = prediction[..., 1] > 0, targets[1] > 0
        iou = (mask & truth).sum() / (mask | truth).sum()
        return {'held_out': round(loss.item(), 5), 'held_out_iou': round(iou.item(), 4),
                'held_out_height': round(parts['height'], 4),
                'held_out_depth': round(parts['depth'] * float(spread), 4)}

    trainer.run(loss_of, evaluate, log_every=50, evaluate_every=options.evaluate_every)


if __name__ == '__main__':
    main()
