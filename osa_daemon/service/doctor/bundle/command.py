"""Putting the bundle together: looked at, cleaned, told, written."""

import io
import json
import os
import sys
import tarfile
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from gzip import GzipFile
from pathlib import Path

from osa_daemon.errors import EXIT_OK, OsaError
from osa_daemon.service.caller import give_to_caller
from osa_daemon.service.doctor.bundle.parts import (
    LOG_TIMEOUT_S,
    Part,
    as_json,
    journal_part,
    log_part,
    machine_part,
    nights_part,
    settings_part,
    sound_part,
    status_part,
    system_part,
    unit_part,
)
from osa_daemon.service.doctor.bundle.private import (
    private_of,
    private_of_machine,
    private_words,
    secrets_of,
)
from osa_daemon.service.doctor.bundle.scrub import Scrubber
from osa_daemon.service.doctor.examination import Examination
from osa_daemon.service.doctor.finding import rows
from osa_daemon.service.doctor.programs import answer
from osa_daemon.service.outputs import whole_bytes
from osa_daemon.settings.load import DEFAULT_CONFIG

MANIFEST = "MANIFEST.txt"
FOLDER = "osa-daemon-doctor"
HEAD = """\
Written by `osa-daemon doctor --bundle`. Nothing of it was sent anywhere.

Taken out: passwords, tokens, keys, the ntfy topic; names, users, hosts, addresses, serial numbers
and paths of your own stand as <placeholders>, the same for the same thing. Names of microphones,
the hours of the settings and the time zone are left in.
"""


def bundle_command(arguments: Namespace) -> int:
    """Write the bundle and print what it holds."""
    print("Looking …", file=sys.stderr, flush=True)
    examination = Examination.begin(arguments.config)
    found = list(examination.findings())
    findings = Part(
        "findings.json", "what doctor found", as_json({"v": 1, "findings": rows(found)})
    )
    scrubber = scrubber_for(examination, arguments.config)
    parts = [findings, *parts_of(examination, with_nights=arguments.with_nights)]
    files = write_bundle(arguments.bundle, parts, scrubber)
    _tell(arguments, files)
    return EXIT_OK


def scrubber_for(examination: Examination, config: Path | None) -> Scrubber:
    """Return what knows the secrets and names of these settings and of this machine."""
    private = private_of_machine()
    loaded = examination.loaded
    if loaded is None:
        with suppress(OSError):
            text = (config or DEFAULT_CONFIG).read_text("utf-8", errors="replace")
            private |= private_words(text)
        return Scrubber((), private)
    environment = examination.unit.environment if examination.unit else {}
    return Scrubber(secrets_of(loaded, environment), private | private_of(loaded))


def parts_of(examination: Examination, *, with_nights: bool) -> list[Part]:
    """Collect the parts beside the findings."""
    parts = [
        machine_part(),
        status_part(examination.visit),
        log_part(lambda command: answer(command, LOG_TIMEOUT_S), with_nights=with_nights),
        unit_part(answer),
        sound_part(),
    ]
    if examination.loaded is not None:
        journal = examination.loaded.settings.journal
        parts += [settings_part(examination.loaded), system_part(journal.state_dir)]
        parts.append(journal_part(journal.path))
        if with_nights:
            parts.append(nights_part(journal.path))
    return parts


def write_bundle(path: Path, parts: Sequence[Part], scrubber: Scrubber) -> list[Part]:
    """Write a `.tar.gz` that only this user may read; return what is in it, the manifest first.

    Raises:
        StorageError: it cannot be written.
        OsaError: a secret would have gone into it.
    """
    cleaned = [Part(part.name, part.about, scrubber.text(part.text)) for part in parts]
    files = [Part(MANIFEST, "this list", scrubber.text(manifest(cleaned))), *cleaned]
    if any(scrubber.leaks(file.text.encode()) for file in files):
        raise OsaError(
            "The bundle would have held a secret, so that nothing was written: please report this "
            "bug, without the file."
        )
    before = os.umask(0o077)
    try:
        with whole_bytes(path) as output:
            output.write(packed(files))
    finally:
        os.umask(before)
    with suppress(OSError):
        give_to_caller(path)
    return files


def manifest(parts: Sequence[Part]) -> str:
    """Return the list of what the bundle holds."""
    lines = [f"{part.name:<14} {len(part.text.encode()):>7} bytes  {part.about}" for part in parts]
    return HEAD + "\n" + "\n".join(lines) + "\n"


def packed(parts: Sequence[Part]) -> bytes:
    """Return a `.tar.gz`, the same for the same parts."""
    raw = io.BytesIO()
    with (
        GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as squeezed,
        tarfile.open(fileobj=squeezed, mode="w") as tar,
    ):
        for part in parts:
            data = part.text.encode()
            entry = tarfile.TarInfo(f"{FOLDER}/{part.name}")
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return raw.getvalue()


def _tell(arguments: Namespace, files: Sequence[Part]) -> None:
    """Print what is in the file before anybody mails it."""
    if arguments.json:
        held = [{"name": part.name, "about": part.about} for part in files]
        print(json.dumps({"v": 1, "file": str(arguments.bundle), "parts": held}))
        return
    print(files[0].text)
    print(f"{arguments.bundle} is written. Read it before you send it to anybody:")
    print(f"    tar -xzOf {arguments.bundle} | less")
