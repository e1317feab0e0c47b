"""The checks of `doctor`; each returns one finding and changes nothing that stays."""

import ctypes
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import osa_daemon
from osa_daemon.audio.devices import Device, busy_sentence, resolve
from osa_daemon.audio.holder import DAEMON
from osa_daemon.errors import ModelError, OsaError, StorageError
from osa_daemon.service.finding import Finding, bad, doubtful, good, tried
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
LEAST_FREE_MB = 200  # a year of journal and a wheel's upgrade
CLOCK_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


def check_versions() -> Finding:
    """What is installed."""
    missing = [name for name in PARTS if _version(name) is None]
    if missing:
        return bad("versions", f"{', '.join(missing)} is missing: install osa-daemon again.")
    parts = ", ".join(f"{name} {_version(name)}" for name in PARTS)
    python = f"Python {platform.python_version()} on {platform.machine()}"
    return good("versions", f"osa-daemon {osa_daemon.__version__}, {python}, {parts}")


def check_settings(loaded: Loaded) -> Finding:
    """Which file, which overrides are left out, and what the model cannot keep to."""
    with suppress(ModelError):  # `check_models` tells of it
        loaded = with_shortfall(loaded, metadata_of())
    if loaded.warnings:
        return doubtful("settings", " ".join(loaded.warnings))
    file = loaded.config_path or "no file, defaults"
    return good("settings", f"{file}, {len(loaded.overrides)} overridden")


def check_models() -> Finding:
    """Whether the model files are whole and load; in a child, which the runtime may crash."""
    command = [sys.executable, "-c", _LOAD_MODELS]
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
            f"onnxruntime {_version('onnxruntime')} crashes on this machine ({name}): "
            "report it with the name of the board.",
        )
    if child.returncode > 0:
        return bad("models", child.stderr.strip().rpartition("\n")[2])
    return good("models", "encoder and detector are whole and load")


def check_secrets(loaded: Loaded) -> Iterator[Finding]:
    """Whether everyone may read a secret; nothing where there is none or it is private."""
    for sentence in exposed(loaded):
        yield doubtful("secrets", sentence)


def check_microphone(wanted: str, devices: Sequence[Device]) -> Finding:
    """Whether the microphone of the settings is there, and free or heard by the daemon."""
    try:
        device = resolve(wanted, devices)
    except OsaError as error:
        return bad("microphone", str(error))
    if device.index is None and device.held_by == DAEMON:
        return good("microphone", f"{device.description}, in use by the running daemon")
    if device.index is None:
        return bad("microphone", busy_sentence(wanted, device))
    return good("microphone", device.description)


def check_state_dir(folder: Path) -> Finding:
    """Whether the journal can be written."""

    def write() -> str:
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"x")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(
                f"{folder} cannot be written as {_user()} ({error.strerror}): create it for the "
                "daemon's user, or run doctor as that user."
            ) from None
        return f"{folder} can be written"

    return tried("state folder", write)


def check_disk(folder: Path) -> Finding:
    """Whether there is space left where the journal is."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free_mb = shutil.disk_usage(there).free // 1_000_000
    if free_mb < LEAST_FREE_MB:
        return bad(
            "disk", f"{free_mb} MB are free at {there}: make room, {LEAST_FREE_MB} MB or more."
        )
    return good("disk", f"{free_mb} MB are free at {there}")


def check_clock() -> Finding:
    """Whether the kernel's clock is synchronised; events get their times from it."""
    libc = ctypes.CDLL(None, use_errno=True)
    status = ctypes.create_string_buffer(512)  # struct timex, all zero: read only
    state = libc.adjtimex(status)
    if state < 0:
        return doubtful("clock", "the kernel does not say whether the clock is synchronised.")
    if state == CLOCK_UNSYNCHRONISED:
        return doubtful(
            "clock",
            "the clock is not synchronised, times of events may be wrong: "
            "check with timedatectl that NTP is on.",
        )
    return good("clock", "synchronised")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _user() -> str:
    return f"user {os.getuid()}"
