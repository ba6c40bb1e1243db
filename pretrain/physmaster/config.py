"""Sizes of every network and the budgets they must keep. One dataclass is one model size.

Shape letters: B batch, T time, H height, W width, C channels, N heads, L tokens, D head width.
"""

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Config:
    """Everything that fixes parameter shapes; written into model.json under `config`."""

    size: str = 'nano'
    # Clip: frames [25, 64, 64, 3]; network pixel = u8 / 127.5 - 1.
    frames: int = 25
    pixels: int = 64
    frames_per_second: float = 12.5
    # Video autoencoder: latents [7, 8, 8, 16]. Its patch: height and width of the square of pixels that its first layer
    # reads, and its last one paints, as one position.
    autoencoder_patch: int = 2
    encoder_channels: tuple = (32, 64, 96)
    decoder_channels: tuple = (96, 64, 24)
    latent_channels: int = 16
    # Channels by which the decoder finds where pixels were in the first frame (motion.py); 0: it paints all that moves.
    motion_channels: int = 0
    # Channels of what goes over the decoded clip (refiner.py), at twice a patch's resolution and at a patch's, and of the
    # background that it knows (background.py), at these and at half of a patch's; none: nothing does.
    refiner_channels: tuple = ()
    background_channels: tuple = ()
    # PhysEncoder: ViT backbone and physical head.
    backbone_width: int = 128
    backbone_blocks: int = 4
    backbone_heads: int = 4
    backbone_mlp: int = 512
    backbone_patch: int = 8
    head_width: int = 80
    # Video transformer.
    width: int = 256
    blocks: int = 6
    heads: int = 4
    mlp: int = 576
    patch: int = 2
    time_width: int = 128
    domains: int = 8
    rotary_pairs: tuple = (8, 12, 12)  # of D/2 = 32: time, height, width
    rotary_base: float = 100.0
    # LoRA of Stage II.
    lora_rank: int = 16
    lora_alpha: float = 16.0
    # Sampler's defaults.
    sampler_method: str = 'adams-bashforth'
    sampler_steps: int = 6
    guidance: float = 1.0
    temperature: float = 0.4

    @property
    def latent_frames(self):
        """Latent frames of a clip: 25 -> 13 -> 7, the first is the image's own."""
        return ((self.frames + 1) // 2 + 1) // 2

    @property
    def latent_pixels(self):
        """Latent height and width: 64 / 8 for patches of 2, which two layers halve twice."""
        return self.pixels // (4 * self.autoencoder_patch)

    @property
    def image_tokens(self):
        """Physics tokens, one per backbone patch."""
        return (self.pixels // self.backbone_patch) ** 2

    @property
    def video_tokens(self):
        """Video tokens: latent frames 1.. in patches of patch x patch."""
        return (self.latent_frames - 1) * (self.latent_pixels // self.patch) ** 2

    def as_dict(self):
        """Plain dictionary for model.json."""
        return asdict(self)


NANO = Config()

# Nano grown in two steps (grow.py), each of which starts as the function that it grew from. First deeper, with wider
# MLPs: small as it would be at nano's resolution, which learns from nano's clips and latents.
SMALL_64 = Config(size='small-64', blocks=12, mlp=896)

# Then twice the resolution: as many latents and physics tokens, of patches twice as wide.
SMALL = replace(SMALL_64, size='small', pixels=128, autoencoder_patch=4, decoder_channels=(96, 64, 48), motion_channels=32,
                refiner_channels=(24, 48), background_channels=(24, 48, 96), backbone_patch=16)

# For tests: the same graph, small enough for a second.
TINY = Config(
    size='tiny', encoder_channels=(8, 8, 16), decoder_channels=(16, 8, 8), latent_channels=4,
    motion_channels=8, refiner_channels=(8, 8), background_channels=(4, 8, 8),
    backbone_width=16, backbone_blocks=4, backbone_heads=2, backbone_mlp=32, head_width=8,
    width=32, blocks=2, heads=2, mlp=48, time_width=16, rotary_pairs=(2, 3, 3), lora_rank=4, lora_alpha=4.0,
)

SIZES = {'nano': NANO, 'small-64': SMALL_64, 'small': SMALL, 'tiny': TINY}

# Sizes that learn from another's clips.
CLIPS_OF = {'small-64': 'nano'}

# Domain ids: 0 stands for "not told", which classifier-free guidance needs.
DOMAINS = {'none': 0, 'rigid': 1, 'fluid': 2, 'thermal': 3, 'optics': 4}


@dataclass(frozen=True)
class Limits:
    """What one size may cost: parameters in all, floating-point operations of one forward of the generator and of
    decoding one clip.
    """

    parameters: float
    generator_flops: float
    decoder_flops: float


# Published with every model; budget.py asserts them.
LIMITS = {
    'nano': Limits(6.4e6, 2e9, 5e9), 'small-64': Limits(12e6, 4e9, 5e9), 'small': Limits(13e6, 4e9, 30e9),
}
