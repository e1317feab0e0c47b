"""The password and the TLS context that a connection is opened with."""

import ssl
import stat
from contextlib import suppress
from pathlib import Path

from osa_daemon.errors import ConfigError
from osa_daemon.publish.mqtt_settings import MqttSettings

MAX_PASSWORD_BYTES = 65_535  # length field of the CONNECT packet, MQTT 5.0 section 3.1.3.6


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
    try:
        raw = path.read_bytes()
        password = raw.decode().rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"mqtt.password_file {path} cannot be read ({_cause(error)}): "
            f"it must be a file that the daemon's user may read"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"mqtt.password_file {path} is not UTF-8 text") from error
    if not 0 < len(password.encode()) <= MAX_PASSWORD_BYTES:
        raise ConfigError(f"mqtt.password_file {path} is empty or too long for a password")
    return password


def exposed(settings: MqttSettings) -> tuple[str, ...]:
    """A sentence for each file with a secret that every user of this machine may read.

    Never a reason to refuse it: the daemon must go on listening. A file that is missing is none.
    """
    files = {"mqtt.password_file": settings.password_file, "mqtt.tls.key_file": settings.tls_key}
    return tuple(
        f"{key} {path} can be read by every user of this machine: chmod o-rwx {path}."
        for key, path in files.items()
        if path is not None and _is_for_everyone(path)
    )


def _is_for_everyone(path: Path) -> bool:
    with suppress(OSError):
        return bool(path.stat().st_mode & stat.S_IROTH)
    return False


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
