"""The page's certificate: one of the user's, or one that is made here.

What is made is an authority for this one server, whose key is thrown away once it has signed the
server's certificate: a telephone can be told to trust it, and nobody can make another one with it.
"""

import ipaddress
import os
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from osa_daemon.errors import StorageError
from osa_daemon.settings.model import Settings
from osa_daemon.web.access import TLS_FOLDER
from osa_daemon.web.address import is_placed, own_names

LASTS: Final = timedelta(days=820)  # Apple's devices take none of more than 825 days (HT210176)
RENEW_BEFORE: Final = timedelta(days=30)
EARLIER: Final = timedelta(days=1)  # a Pi's clock may be behind when it makes one


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where certificate and key lie; `authority`: what a telephone has to trust, or None."""

    certificate: Path
    key: Path
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a person needs of a certificate: SHA-256 of it, as browsers show it, and its end.

    `names`: those, and the addresses, that it vouches for.
    """

    fingerprint: str
    ends: datetime
    names: frozenset[str] = frozenset()


def certificate_of(settings: Settings) -> Certificate:
    """Return the user's certificate, or where one that is made here lies."""
    tls = settings.web.tls
    if tls.cert_file is not None and tls.key_file is not None:
        return Certificate(tls.cert_file, tls.key_file)
    folder = settings.journal.state_dir / TLS_FOLDER
    return Certificate(folder / "certificate.pem", folder / "key.pem", folder / "authority.pem")


def about(path: Path) -> About:
    """Return what is to be known of the first certificate in a PEM file.

    Raises:
        StorageError: it cannot be read, or holds none.
    """
    from cryptography import x509  # noqa: PLC0415  # loads OpenSSL a second time

    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise StorageError(
            f"The certificate {path} cannot be read: {error.strerror or error}."
        ) from error
    except ValueError as error:
        raise StorageError(f"{path} holds no certificate in PEM.") from error
    fingerprint = fingerprint_of(found.public_bytes(_encoding().DER))
    return About(fingerprint, found.not_valid_after_utc, _names_of(found))


def fingerprint_of(der: bytes) -> str:
    """Return SHA-256 of a certificate as browsers show it."""
    return sha256(der).digest().hex(":").upper()


def make_sure(settings: Settings, now: datetime | None = None) -> Certificate:
    """Return the certificate to serve with; one of our own is made where there is none that lasts.

    Raises:
        StorageError: it cannot be read or written.
    """
    place = certificate_of(settings)
    now = now or datetime.now(UTC)
    if place.authority is None:
        about(place.certificate)
    elif _is_due(settings, place, now):
        make(place, own_names(settings), now)
    return place


def lacks_address(settings: Settings) -> bool:
    """Return whether a certificate has to be made now, and would not name where the page is."""
    place = certificate_of(settings)
    return (
        settings.web.tls.enabled
        and place.authority is not None
        and not is_placed(settings)
        and _is_due(settings, place, datetime.now(UTC))
    )


def _is_due(settings: Settings, place: Certificate, now: datetime) -> bool:
    """Return whether one is to be made; one that serves goes on until a better one can be."""
    try:
        left = about(place.certificate).ends - now if _is_whole(place) else timedelta(0)
    except StorageError:
        return True  # none yet, or a damaged one
    return left <= timedelta(0) or (left <= RENEW_BEFORE and is_placed(settings))


def _is_whole(place: Certificate) -> bool:
    """Return whether the authority is the one that the certificate comes with.

    Raises:
        StorageError: one of the three cannot be used: a power cut may have left it half written.
    """
    assert place.authority is not None
    context_of(place)
    about(place.authority)
    return place.certificate.read_bytes().endswith(place.authority.read_bytes())


def context_of(place: Certificate) -> ssl.SSLContext:
    """Return what the server speaks TLS with: 1.2 or later.

    Raises:
        StorageError: certificate and key cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(place.certificate, place.key)
    except (OSError, ssl.SSLError) as error:
        raise StorageError(
            f"The page's certificate {place.certificate} with the key {place.key} cannot be used: "
            f"{error.strerror or error}."
        ) from error
    return context


def make(place: Certificate, names: Sequence[str], now: datetime) -> None:
    """Make an authority, a certificate of it for `names`, and its key.

    Raises:
        StorageError: they cannot be written.
    """
    assert place.authority is not None
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    authority_key, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    authority = _signed(_subject(f"osa_daemon on {socket.gethostname()}"), authority_key, now)
    issued = _signed(_subject(names[0]), authority_key, now, issuer=authority, key=key, names=names)
    pem = _encoding().PEM
    try:
        place.key.parent.mkdir(mode=0o700, exist_ok=True)
        _write(
            place.key,
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        )
        _write(place.authority, authority.public_bytes(pem))
        _write(place.certificate, issued.public_bytes(pem) + authority.public_bytes(pem))
        _sync_folder(place.key.parent)
    except OSError as error:
        raise StorageError(
            f"The page's certificate cannot be written to {place.key.parent}: "
            f"{error.strerror or error}."
        ) from error


def _signed(
    subject: Any,
    signer: Any,
    now: datetime,
    *,
    issuer: Any = None,
    key: Any = None,
    names: Sequence[str] = (),
) -> Any:
    """Return a certificate; without `issuer` an authority that signs itself."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    is_authority = issuer is None
    public = (signer if is_authority else key).public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if is_authority else issuer.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + LASTS)
        .add_extension(
            x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_usage(is_authority=is_authority), critical=True)
    )
    if not is_authority:
        server = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH])
        known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(server, critical=False)
        builder = builder.add_extension(known_by, critical=False)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_name(name) for name in names]), critical=False
        )
    return builder.sign(signer, hashes.SHA256())


def _usage(*, is_authority: bool) -> Any:
    from cryptography import x509  # noqa: PLC0415

    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> Any:
    from cryptography import x509  # noqa: PLC0415

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])


def _name(text: str) -> Any:
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _names_of(certificate: Any) -> frozenset[str]:
    from cryptography import x509  # noqa: PLC0415

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):  # an authority has none
        return frozenset()
    names = found.get_values_for_type(x509.DNSName)
    return frozenset([*names, *map(str, found.get_values_for_type(x509.IPAddress))])


def _encoding() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    return Encoding


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
