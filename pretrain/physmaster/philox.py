"""Philox 4x32-10 and the normal stream that TypeScript, WGSL and Python share.

Element e = 4 q + k of stream s under a seed comes from philox(counter=[q, s, 0, 0], key=[seed_lo, seed_hi]):
u1 = ((r0 >> 8) + .5) / 2^24, u2 likewise from r1; n0 = sqrt(-2 ln u1) cos(2 pi u2), n1 the sine; r2, r3 give
n2, n3. Source: Salmon et al. 2011, Parallel Random Numbers: As Easy as 1, 2, 3.
"""

import numpy as np

MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """counter: four uint32 arrays (or numbers), key: two numbers -> list of four uint32 arrays."""
    c = [np.asarray(value, dtype=np.uint64) for value in np.broadcast_arrays(*counter)]
    k0, k1 = int(key[0]), int(key[1])
    for _ in range(10):
        product_0, product_1 = MULTIPLIERS[0] * c[0], MULTIPLIERS[1] * c[2]
        high_0, low_0 = product_0 >> np.uint64(32), product_0 & MASK
        high_1, low_1 = product_1 >> np.uint64(32), product_1 & MASK
        c = [high_1 ^ c[1] ^ np.uint64(k0), low_1, high_0 ^ c[3] ^ np.uint64(k1), low_0]
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return [value.astype(np.uint32) for value in c]


def normal(seed, stream, count):
    """Float32 [count] of standard normals for a seed (up to 64 bits) and stream."""
    quads = np.arange((count + 3) // 4, dtype=np.uint32)
    bits = philox([quads, stream, 0, 0], [seed & 0xFFFFFFFF, seed >> 32])
    uniform = [((r >> 8).astype(np.float64) + 0.5) / 2 ** 24 for r in bits]
    columns = []
    for u1, u2 in (uniform[:2], uniform[2:]):
        radius = np.sqrt(-2.0 * np.log(u1))
        columns += [radius * np.cos(2 * np.pi * u2), radius * np.sin(2 * np.pi * u2)]
    return np.stack(columns, 1).reshape(-1)[:count].astype(np.float32)
