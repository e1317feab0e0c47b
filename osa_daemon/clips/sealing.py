r"""Encryption of clips at rest: AES-256-GCM, one key for all, each bound to its file's name.

A sealed file is the eight bytes `OSACLIP\x01` (the last one is the version of this form), a random
nonce of 12 bytes, then the encrypted FLAC with its tag of 16 bytes at the end. Associated data are
those eight bytes and the name: a file that was changed, cut or renamed does not open. The nonce is
random, which NIST SP 800-38D section 8.3 allows for 2^32 clips of one key.
"""

import os
import re
from pathlib import Path
from typing import Final

from osa_daemon.errors import ConfigError, InputError

HEAD: Final = b"OSACLIP\x01"
KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_KEY: Final = re.compile(rb"\s*([0-9A-Fa-f]{64})\s*")
_MOST_KEY_FILE: Final = 1024


class Seal:
    """Encrypts and decrypts with one key of `KEY_BYTES`."""

    def __init__(self, key: bytes) -> None:
        # a large library, for those who set a key
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        self._cipher = AESGCM(key)

    def close(self, data: bytes, name: str) -> bytes:
        """Return the contents of the sealed file `name` that holds `data`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed: bytes = self._cipher.encrypt(nonce, data, HEAD + name.encode())
        return HEAD + nonce + sealed

    def open(self, sealed: bytes, name: str) -> bytes:
        """Return what the sealed file `name` holds.

        Raises:
            InputError: it is no sealed clip, of another key or name, or damaged.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        if len(sealed) < len(HEAD) + _NONCE_BYTES + _TAG_BYTES or not sealed.startswith(HEAD):
            raise InputError(f"{name} is no sealed clip of this version: it cannot be opened.")
        nonce, rest = sealed[len(HEAD) :][:_NONCE_BYTES], sealed[len(HEAD) + _NONCE_BYTES :]
        try:
            data: bytes = self._cipher.decrypt(nonce, rest, HEAD + name.encode())
        except InvalidTag:
            raise InputError(
                f"{name} does not open: it was sealed with another key than clips.key_file holds "
                "now, was renamed, or is damaged."
            ) from None
        return data


def read_seal(path: Path | None) -> Seal | None:
    """Return the seal of the key in a file; None where no file is named.

    Raises:
        ConfigError: the file cannot be read, or holds no key.
    """
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            found = _KEY.fullmatch(file.read(_MOST_KEY_FILE))
    except OSError as error:
        raise ConfigError(
            f"clips.key_file {path} cannot be read ({(error.strerror or 'failed').lower()}): it "
            "must be a file that the daemon's user may read"
        ) from error
    if found is None:
        raise ConfigError(
            f"clips.key_file {path} holds no key: it must hold {2 * KEY_BYTES} hexadecimal digits "
            f"and nothing else, as `openssl rand -hex {KEY_BYTES}` writes them"
        )
    return Seal(bytes.fromhex(found[1].decode()))
