# SPDX-License-Identifier: Apache-2.0
"""The BitX method (ZipLLM, NSDI 2026), emulated for its size: tensors equal to the base's are stored once; the others are
XORed with the base's, split into an exponent plane and the rest, and each plane is compressed with zstd -3."""

import json
import struct

import numpy as np
import zstandard


def tensors(path):
    """Header bytes, then name -> (dtype, the raw bytes as an array) of a safetensors file."""
    data = np.memmap(path, np.uint8, mode="r")
    length = struct.unpack("<Q", data[:8].tobytes())[0]
    header = json.loads(data[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    body = data[8 + length :]
    return length, {name: (entry["dtype"], body[slice(*entry["data_offsets"])]) for name, entry in header.items()}


def planes(dtype, raw):
    """The exponent byte, then what is left: sign and high mantissa in one byte, lower mantissa bytes after it."""
    width = {"BF16": 2, "F32": 4}[dtype]
    values = raw.view({2: np.uint16, 4: np.uint32}[width])
    bits = 8 * width
    yield (values >> (bits - 9)).astype(np.uint8)
    yield ((values >> (bits - 16)) & 0x7F | (values >> (bits - 8)) & 0x80).astype(np.uint8)
    for byte in range(width - 2):
        yield (values >> (8 * byte)).astype(np.uint8)


def size_against(base_path, path):
    """Bytes that `path` takes when `base_path` is stored."""
    codec = zstandard.ZstdCompressor(level=3)
    _, base = tensors(base_path)
    length, parts = tensors(path)
    size = len(codec.compress(json.dumps(sorted(parts)).encode())) + 8
    for name, (dtype, raw) in parts.items():
        of_base = base.get(name, (None, None))
        if of_base[0] != dtype or of_base[1].size != raw.size:
            raise ValueError(f"{path}: {name} has no counterpart in {base_path}")
        difference = np.bitwise_xor(raw, of_base[1])
        if difference.any():
            size += sum(len(codec.compress(plane.tobytes())) for plane in planes(dtype, difference))
    return size
