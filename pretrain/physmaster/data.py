"""Reads the clips that scripts/dataset.ts writes: .cache/data/<size>/<family>-<split>-<firstSeed>-<clips>/.

frames.u8 [K, 25, S, S, 3], masks.u8 [K, 25, S, S] (object id, 0 none), depth.f32 [K, S, S] of frame 0,
meta.jsonl (a scene a line). A folder whose clips are encoded may be thinned to first frames: frames.u8 [K, 1, S, S, 3],
masks.u8 [K, 1, S, S]. Files stay memory-mapped; a batch is copied out.
"""

import json
import os
import re
from pathlib import Path

import numpy as np
import torch

from .config import DOMAINS

NAME = re.compile(r'(?P<family>[a-z-]+)-(?P<split>wide|train|seen|unseen|out-of-range)-(?P<first>\d+)-(?P<clips>\d+)$')

# Splits that training draws from, in the order of the model card.
TRAINING_SPLITS = ('wide', 'train')


def split_rows(count, held_out):
    """Rows 0..count-1 as (rows to train on, rows that only measure): the latter spread evenly, so that clips which
    are ordered by family are held out of every family.
    """
    measured = np.unique(np.linspace(0, count - 1, min(held_out, count)).astype(np.int64))
    return np.setdiff1d(np.arange(count), measured), measured


class Clips:
    """All clips of one or several splits and of all families (or one), indexed 0..K-1 across folders in order of
    split, family and first seed. `whole` leaves thinned folders out.
    """

    def __init__(self, root, splits, config, limit=None, family=None, whole=False):
        self.config = config
        self.folders = []
        for folder in Path(root).iterdir():
            match = NAME.match(folder.name)
            if (match and match['split'] in splits and family in (None, match['family'])
                    and (folder / 'meta.jsonl').exists()
                    and not (whole and frames_in(folder, config) == 1)):
                self.folders.append((match['split'], match['family'], int(match['first']), folder))
        self.folders.sort()
        if not self.folders:
            raise FileNotFoundError(f'no clips of {family or ""} {splits} under {root}: run `npx tsx scripts/dataset.ts`')
        self.frames, self.masks, self.depths, self.index = [], [], [], []
        side = config.pixels
        for number, (*_, folder) in enumerate(self.folders):
            time = frames_in(folder, config)
            frames = np.memmap(folder / 'frames.u8', np.uint8, 'r').reshape(-1, time, side, side, 3)
            masks = np.memmap(folder / 'masks.u8', np.uint8, 'r').reshape(len(frames), -1, side, side)
            depth = np.memmap(folder / 'depth.f32', np.float32, 'r').reshape(-1, side, side)
            self.frames.append(frames)
            self.masks.append(masks)
            self.depths.append(depth)
            self.index += [(number, i) for i in range(len(frames))]
        if limit:
            self.index = self.index[:limit]

    def __len__(self):
        return len(self.index)

    def video(self, i):
        """Clip i as u8 [25, S, S, 3]. Raises ValueError where only its first frame is left."""
        number, row = self.index[i]
        if self.frames[number].shape[1] == 1:
            raise ValueError(f'{self.folders[number][-1]} holds first frames only')
        return self.frames[number][row]

    def videos(self, rows):
        """u8 [B, 25, S, S, 3]."""
        return np.stack([self.video(i) for i in rows])

    def mask(self, i):
        """Object ids of clip i as u8 [25, S, S]."""
        number, row = self.index[i]
        return self.masks[number][row]

    def images(self, rows):
        """First frames, u8 [B, S, S, 3]."""
        return np.stack([self.frames[self.index[i][0]][self.index[i][1]][0] for i in rows])

    def first_masks(self, rows):
        """Object ids of first frames, u8 [B, 64, 64]."""
        return np.stack([self.masks[self.index[i][0]][self.index[i][1]][0] for i in rows])

    def first_depths(self, rows):
        """Depth of first frames in metres, f32 [B, 64, 64]."""
        return np.stack([self.depths[self.index[i][0]][self.index[i][1]] for i in rows])

    def scenes(self):
        """Parsed meta.jsonl lines in index order."""
        lines = []
        for *_, folder in self.folders:
            lines.append((folder / 'meta.jsonl').read_text().splitlines())
        return [json.loads(lines[number][row]) for number, row in self.index]

    def domains(self):
        """Domain id of every clip, i64 [K]."""
        return np.array([DOMAINS[scene['domain']] for scene in self.scenes()])

    def names(self):
        """Folder names, for the record of data seeds."""
        return [folder.name for *_, folder in self.folders]

    def family(self, i):
        """Family of clip i."""
        return self.folders[self.index[i][0]][1]

    def families(self):
        """Families with clips here, in order."""
        return sorted({family for _, family, _, _ in self.folders})

    def splits(self, family):
        """Splits of a family with clips here, in the order of the model card."""
        there = {split for split, of, _, _ in self.folders if of == family}
        return [split for split in ('wide', 'train', 'seen', 'unseen', 'out-of-range') if split in there]

    def rows_of(self, split):
        """Indices of the clips of a split."""
        return np.array([i for i, (number, _) in enumerate(self.index) if self.folders[number][0] == split])

    def rows_in(self, number):
        """Indices of the clips of a folder, by its number."""
        return [i for i, (other, _) in enumerate(self.index) if other == number]

    def crop(self, i, size, random):
        """A size x size window of clip i around a pixel that moves: u8 [25, size, size, 3]."""
        video = self.video(i)
        side = self.config.pixels
        t = int(random.integers(1, self.config.frames))
        moved = np.abs(video[t].astype(np.int16) - video[0]).max(-1) > 8
        rows, columns = np.nonzero(moved)
        if len(rows):
            pick = int(random.integers(len(rows)))
            centre = rows[pick] + random.integers(-10, 11), columns[pick] + random.integers(-10, 11)
        else:
            centre = random.integers(0, side, 2)
        top = int(np.clip(centre[0] - size // 2, 0, side - size))
        left = int(np.clip(centre[1] - size // 2, 0, side - size))
        return video[:, top:top + size, left:left + size]


def training_clips(root, config):
    """Names of the folders that training draws from, {split: names}, for splits that there are clips of."""
    names = {}
    for split, _, _, folder in Clips(root, TRAINING_SPLITS, config).folders:
        names.setdefault(split, []).append(folder.name)
    return names


def frames_in(folder, config):
    """Frames a clip of a folder: all, or 1 where it is thinned. Raises ValueError where they are of another size."""
    clips = int(NAME.match(folder.name)['clips'])
    frames = (folder / 'frames.u8').stat().st_size / (clips * config.pixels ** 2 * 3)
    if frames not in (config.frames, 1):
        raise ValueError(f'{folder} does not hold clips of {config.pixels} x {config.pixels} pixels: size {config.size} '
                         'needs them')
    return int(frames)


def thin(folder, config):
    """Cuts a folder down to first frames, for clips whose latents are all that training still needs."""
    clips = int(NAME.match(folder.name)['clips'])
    # Masks first: what is left of frames.u8 says whether a folder is thinned.
    for name in ('masks.u8', 'frames.u8'):
        values = np.memmap(folder / name, np.uint8, 'r').reshape(clips, config.frames, -1)
        values[:, 0].tofile(folder / f'{name}.part')
    for name in ('masks.u8', 'frames.u8'):
        os.replace(folder / f'{name}.part', folder / name)


class Videos:
    """Videos as networks see them: from the clips' files, or all of them kept on a device that reads no files."""

    def __init__(self, clips, keep_on=None):
        self.clips = clips
        self.kept = torch.from_numpy(clips.videos(range(len(clips)))).to(keep_on) if keep_on else None

    def of(self, rows):
        """f32 tensor [B, 3, 25, S, S] in [-1, 1]."""
        if self.kept is None:
            frames = torch.from_numpy(self.clips.videos(rows))
        else:
            frames = self.kept[torch.from_numpy(rows).to(self.kept.device)]
        return network_values(frames).permute(0, 4, 1, 2, 3).contiguous()


class Latents:
    """What encode_latents.py wrote of some clips, a file a folder: f16 [K, T', H', W', C], in the clips' order."""

    def __init__(self, folder, clips):
        self.clips, self.files = clips, []
        for name in clips.names():
            path = folder / 'latents' / f'{name}.npy'
            if not path.exists():
                raise FileNotFoundError(f'no latents of {name}: run encode_latents')
            self.files.append(np.load(path, mmap_mode='r'))

    def of(self, rows):
        """f32 tensor [B, T', H', W', C]."""
        return torch.from_numpy(np.stack([self.files[number][row] for number, row in
                                          (self.clips.index[i] for i in rows)])).float()


def network_pixels(frames):
    """u8 array -> float tensor u8 / 127.5 - 1."""
    return network_values(torch.from_numpy(np.array(frames)))


def network_values(frames):
    """The same of a u8 tensor, on its device."""
    return frames.float().div_(127.5).sub_(1)


def bytes_from_network(video):
    """Float tensor in [-1, 1] -> u8 array, rounded."""
    return (video.float() + 1).mul(127.5).round().clamp(0, 255).to(torch.uint8).numpy()
