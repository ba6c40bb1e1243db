"""A small reader and writer of the safetensors format (Debian has no package of it).

File: 8 bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, then raw data.
Handles F16, F32, U8 and I32; refuses anything else by name. Does not do: memory mapping, sharding.
"""

import json
import os
import struct

import numpy as np

DTYPES = {'F16': np.float16, 'F32': np.float32, 'U8': np.uint8, 'I32': np.int32}
NAMES = {np.dtype(kind): name for name, kind in DTYPES.items()}


def write(path, tensors, metadata=None):
    """Writes {name: array} sorted by name; metadata is a dictionary of strings. Atomic: renamed when whole.
    """
    header, offset, arrays = {}, 0, []
    if metadata:
        header['__metadata__'] = {key: str(value) for key, value in metadata.items()}
    # Larger element sizes first keeps every tensor aligned to its own element.
    ordered = sorted(tensors.items(), key=lambda item: (-np.asarray(item[1]).dtype.itemsize, item[0]))
    for name, value in ordered:
        array = np.ascontiguousarray(value)
        if array.dtype not in NAMES:
            raise ValueError(f'{name}: dtype {array.dtype} has no safetensors name here')
        end = offset + array.nbytes
        header[name] = {'dtype': NAMES[array.dtype], 'shape': list(np.shape(value)), 'data_offsets': [offset, end]}
        arrays.append(array)
        offset = end
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    temporary = f'{path}.part'
    with open(temporary, 'wb') as file:
        file.write(struct.pack('<Q', len(text)))
        file.write(text)
        for array in arrays:
            file.write(array.tobytes())
    os.replace(temporary, path)


def read(path):
    """Returns ({name: array}, metadata). Raises ValueError when the file is truncated or not safetensors."""
    with open(path, 'rb') as file:
        content = file.read()
    if len(content) < 8:
        raise ValueError(f'{path}: shorter than a safetensors header')
    length = struct.unpack('<Q', content[:8])[0]
    if 8 + length > len(content):
        raise ValueError(f'{path}: header says {length} bytes, the file is shorter')
    header = json.loads(content[8:8 + length])
    metadata, tensors = header.pop('__metadata__', {}), {}
    for name, entry in header.items():
        start, end = entry['data_offsets']
        if 8 + length + end > len(content):
            raise ValueError(f'{path}: truncated in {name}')
        if entry['dtype'] not in DTYPES:
            raise ValueError(f'{path}: {name} has dtype {entry["dtype"]}')
        data = np.frombuffer(content, np.uint8, end - start, 8 + length + start)
        tensors[name] = data.view(DTYPES[entry['dtype']]).reshape(entry['shape']).copy()
    return tensors, metadata
