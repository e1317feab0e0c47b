"""Passwords, tokens and the TLS context that a connection is opened with."""

import re
import ssl
from pathlib import Path

from osa_daemon.errors import ConfigError
from osa_daemon.publish.mqtt_settings import MqttSettings

MAX_PASSWORD_BYTES = 65_535  # length field of the CONNECT packet, MQTT 5.0 section 3.1.3.6
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,500}=*")  # b64token of RFC 6750 section 2.1


def read_password(settings: MqttSettings) -> str | None:
    """The password from its file, without the newline at its end; None where none is set.

    Owner and mode of the file do not matter: systemd's credentials belong to root (mode 0440)
    or to the service (0400), depending on its version.

    Raises:
        ConfigError: the file cannot be read or holds no password.
    """
    path = settings.password_file
    if path is None:
        return None
    password = _line("mqtt.password_file", path)
    if not 0 < len(password.encode()) <= MAX_PASSWORD_BYTES:
        raise ConfigError(f"mqtt.password_file {path} is empty or too long for a password")
    return password


def read_token(path: Path | None) -> str | None:
    """The access token of ntfy from its file; None where none is named.

    Raises:
        ConfigError: the file cannot be read or holds no token.
    """
    if path is None:
        return None
    token = _line("ntfy.token_file", path).strip()
    if not _TOKEN.fullmatch(token):
        raise ConfigError(
            f"ntfy.token_file {path} holds no access token: it must hold one alone, "
            f"as ntfy made it (tk_…)"
        )
    return token


def _line(key: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_PASSWORD_BYTES + 3).decode().rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{key} {path} cannot be read ({_cause(error)}): "
            f"it must be a file that the daemon's user may read"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{key} {path} is not UTF-8 text") from error


def tls_context(settings: MqttSettings) -> ssl.SSLContext | None:
    """The TLS context, or None for a plain connection; TLS 1.2 at least, names are checked.

    Raises:
        ConfigError: a certificate or key file is missing or is not one.
    """
    if not settings.tls:
        return None
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.tls_ca is not None:
        context = _context_trusting(settings.tls_ca)
    if settings.tls_cert is not None and settings.tls_key is not None:
        _load_own_certificate(context, settings.tls_cert, settings.tls_key)
    return context


def _context_trusting(authority: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(authority))
    except OSError as error:
        raise ConfigError(
            f"mqtt.tls.ca_file {authority} cannot be used ({_cause(error)}): "
            f"it must be a PEM file with the certificate that signed the broker's"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _load_own_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        # an encrypted key would ask for its password on the terminal
        context.load_cert_chain(str(certificate), str(key), password=lambda: "")
    except OSError as error:
        raise ConfigError(
            f"mqtt.tls.cert_file {certificate} with mqtt.tls.key_file {key} cannot be used "
            f"({_cause(error)}): they must be a PEM certificate and its unencrypted key"
        ) from error


def _cause(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not PEM").lower().replace("_", " ")
    return (error.strerror or type(error).__name__).lower()
