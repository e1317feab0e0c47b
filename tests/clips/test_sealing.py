"""Sealed clips open with their key, under their name and unchanged, and not otherwise."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from osa_daemon.clips.sealing import HEAD, Seal, read_seal
from osa_daemon.errors import ConfigError, InputError

KEY = bytes(range(32))
NAME = "2026-03-01T230015_apnea_6d1c1d0e.flac.sealed"
DATA = b"fLaC and so on" * 40


def test_what_is_sealed_opens_again() -> None:
    """With the same key and name; the sealed form holds nothing of it, and is another each time."""
    seal = Seal(KEY)
    sealed = seal.close(DATA, NAME)
    assert Seal(KEY).open(sealed, NAME) == DATA
    assert sealed.startswith(HEAD)
    assert b"fLaC" not in sealed
    assert seal.close(DATA, NAME) != sealed


def test_the_form_is_plain_aes_gcm() -> None:
    """Somebody with the key and the docstring alone can open it."""
    sealed = Seal(KEY).close(DATA, NAME)
    assert AESGCM(KEY).decrypt(sealed[8:20], sealed[20:], sealed[:8] + NAME.encode()) == DATA


@pytest.mark.parametrize("place", [0, 7, 8, 19, 20, 100, -1])
def test_a_changed_byte_is_found(place: int) -> None:
    """Anywhere: head, version, nonce, contents, tag."""
    changed = bytearray(Seal(KEY).close(DATA, NAME))
    changed[place] ^= 1
    with pytest.raises(InputError, match=r"no sealed clip|does not open"):
        Seal(KEY).open(bytes(changed), NAME)


@pytest.mark.parametrize("length", [0, 8, 35, 200])
def test_a_cut_file_does_not_open(length: int) -> None:
    """At any length."""
    with pytest.raises(InputError, match=r"no sealed clip|does not open"):
        Seal(KEY).open(Seal(KEY).close(DATA, NAME)[:length], NAME)


def test_another_key_or_name_does_not_open() -> None:
    """The sentence says what may be the matter."""
    sealed = Seal(KEY).close(DATA, NAME)
    with pytest.raises(InputError, match=r"another key than clips\.key_file"):
        Seal(KEY[::-1]).open(sealed, NAME)
    with pytest.raises(InputError, match="renamed"):
        Seal(KEY).open(sealed, NAME.replace("apnea", "alert"))


def test_the_key_is_read_from_its_file(tmp_path: Path) -> None:
    """64 hexadecimal digits, with a newline or without."""
    for text in (KEY.hex(), f"{KEY.hex().upper()}\n"):
        (tmp_path / "key").write_text(text)
        seal = read_seal(tmp_path / "key")
        assert seal is not None
        assert Seal(KEY).open(seal.close(DATA, NAME), NAME) == DATA
    assert read_seal(None) is None


@pytest.mark.parametrize("text", ["", "secret", "0" * 63, "0" * 65, f"{'0' * 32} {'0' * 32}"])
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    """The sentence names the setting, the file and how a key is made."""
    path = tmp_path / "key"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"clips\.key_file .*key holds no key") as caught:
        read_seal(path)
    assert "openssl rand -hex 32" in str(caught.value)
    assert not text or text not in str(caught.value)


def test_a_key_that_is_missing_is_refused(tmp_path: Path) -> None:
    """It is never passed over."""
    with pytest.raises(ConfigError, match="cannot be read"):
        read_seal(tmp_path / "none")
