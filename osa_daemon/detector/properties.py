"""The properties of an ONNX file, read without the runtime: in milliseconds, before anything runs.

The file is a protobuf message (protobuf.dev, *Encoding*): fields of a number and a wire type.
Of `ModelProto`, `metadata_props` is field 14, each of its entries a key (1) and a value (2).
"""

from collections.abc import Iterator
from pathlib import Path

from osa_daemon.errors import ModelError

METADATA_PROPS = 14
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_FIXED_LENGTHS = {_FIXED_64: 8, _FIXED_32: 4}


def read_properties(path: Path) -> dict[str, str]:
    """Return the properties of an ONNX file.

    Raises:
        ModelError: the file cannot be read or is damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read ({error.strerror}): install the package again."
        ) from error
    try:
        return dict(_entry(field) for at, field in _fields(content) if at == METADATA_PROPS)
    except (IndexError, KeyError, ValueError) as error:
        raise ModelError(
            f"The model file {path} is damaged or no ONNX file: install the package again."
        ) from error


def _entry(message: bytes) -> tuple[str, str]:
    parts = dict(_fields(message))
    return parts[1].decode(), parts.get(2, b"").decode()


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and content of each field that has a length; others are passed over."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        else:
            length = _FIXED_LENGTHS[kind]
        if at + length > len(message):
            raise ValueError("it ends inside a field")
        if kind == _BYTES:
            yield tag >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at `at`, seven bits a byte, and the place after it."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
