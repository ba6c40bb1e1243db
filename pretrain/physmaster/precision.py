"""Where bf16 pays."""

import functools
from pathlib import Path

# As Linux names what multiplies bf16, on x86 and on Arm.
FLAGS = {'avx512_bf16', 'amx_bf16', 'bf16'}


@functools.lru_cache
def has_bf16(device='cpu', cpuinfo='/proc/cpuinfo'):
    """Whether `device` multiplies bf16 itself. A processor that does not is forty times slower in it than in f32."""
    if device != 'cpu':
        return True
    try:
        return bool(FLAGS & set(Path(cpuinfo).read_text(encoding='utf-8').split()))
    except OSError:
        return False
