"""What is installed, what is set, which models there are, and who may read the secrets."""

import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import osa_daemon
from osa_daemon.errors import ConfigError, ModelError
from osa_daemon.service.clip_key import seal_of
from osa_daemon.service.doctor.finding import Finding, bad, closed_or_bad, doubtful, good
from osa_daemon.service.meaning import metadata_of
from osa_daemon.service.rules import with_shortfall
from osa_daemon.service.secret_files import exposed
from osa_daemon.settings.load import Loaded

PARTS = ("numpy", "onnxruntime", "sounddevice", "soundfile", "soxr", "paho-mqtt", "pydantic")
LOAD_DEADLINE_S = 120.0  # a Pi reads 10 MB of models from a slow card
_LOAD_MODELS = """
import sys
from osa_daemon.errors import OsaError
from osa_daemon.service.models import load_models
try:
    load_models()
except OsaError as error:
    sys.exit(str(error))
"""


def check_versions() -> Finding:
    """What is installed."""
    missing = [name for name in PARTS if version_of(name) is None]
    if missing:
        return bad("versions", f"{', '.join(missing)} is missing: install osa-daemon again.")
    parts = ", ".join(f"{name} {version_of(name)}" for name in PARTS)
    python = f"Python {platform.python_version()} on {platform.machine()}"
    return good("versions", f"osa-daemon {osa_daemon.__version__}, {python}, {parts}")


def check_settings(loaded: Loaded) -> Finding:
    """Which file, which overrides are left out, what the model cannot keep to, the clips' key."""
    with suppress(ModelError):  # `check_models` tells of it
        loaded = with_shortfall(loaded, metadata_of())
    try:
        seal_of(loaded.settings)
    except ConfigError as error:  # the daemon would not start
        return closed_or_bad("settings", error)
    if loaded.warnings:
        return doubtful("settings", " ".join(loaded.warnings))
    file = loaded.config_path or "no file, defaults"
    return good("settings", f"{file}, {len(loaded.overrides)} overridden")


def check_models() -> Finding:
    """Whether the model files are whole and load; in a child, which the runtime may crash."""
    command = [sys.executable, "-P", "-c", _LOAD_MODELS]
    try:
        child = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=LOAD_DEADLINE_S
        )
    except subprocess.TimeoutExpired:
        return bad("models", f"they do not load within {LOAD_DEADLINE_S:.0f} s: check the disk.")
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        return bad(
            "models",
            f"onnxruntime {version_of('onnxruntime')} crashes on this machine ({name}): "
            "report it with the name of the board.",
        )
    if child.returncode > 0:
        return bad("models", child.stderr.strip().rpartition("\n")[2])
    return good("models", "encoder and detector are whole and load")


def check_secrets(loaded: Loaded) -> Iterator[Finding]:
    """Whether everyone may read a secret; nothing where there is none or it is private."""
    for sentence in exposed(loaded):
        yield doubtful("secrets", sentence)


def version_of(package: str) -> str | None:
    """Return the version of an installed package, None where it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
