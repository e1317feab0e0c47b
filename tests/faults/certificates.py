"""Certificates for a broker on loopback, made by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

EC = "ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
AUTHORITY = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, and the authority that signed it."""

    certificate: Path
    key: Path
    authority: Path


def make(folder: Path) -> Certificate:
    """An authority of its own, and a certificate of it that is valid now."""
    folder.mkdir()
    authority = folder / "ca.crt"
    _openssl(
        f"req -x509 -newkey {EC} -days 30 -subj /CN=authority "
        f"-keyout {folder / 'ca.key'} -out {authority} {AUTHORITY}"
    )
    return _signed(authority, folder)


def expired(ours: Certificate, folder: Path) -> Certificate:
    """A certificate of the same authority that ran out long ago."""
    folder.mkdir()
    return _signed(ours.authority, folder, "faketime", "2020-01-01 00:00:00")


def _signed(authority: Path, folder: Path, *before: str) -> Certificate:
    request, certificate, key = (folder / f"server.{end}" for end in ("csr", "crt", "key"))
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    _openssl(f"req -newkey {EC} -subj /CN=localhost -keyout {key} -out {request}")
    _openssl(
        f"x509 -req -in {request} -CA {authority} -CAkey {authority.with_suffix('.key')} "
        f"-CAcreateserial -days 30 -extfile {extensions} -out {certificate}",
        *before,
    )
    return Certificate(certificate, key, authority)


def _openssl(arguments: str, *before: str) -> None:
    command = [*before, "openssl", *arguments.split()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
