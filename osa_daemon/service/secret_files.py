"""Which files with secrets every user of this machine may read."""

import stat
from contextlib import suppress
from pathlib import Path

from osa_daemon.settings.load import Loaded

GROUP = "osa-daemon"  # of the service: taken from others alone, it could not read the file either


def exposed(loaded: Loaded) -> tuple[str, ...]:
    """Return a sentence for each file with a secret that everyone may read.

    Never a reason to refuse it: the daemon must go on listening. A file that is missing is none.
    """
    settings = loaded.settings
    files = {
        "mqtt.password_file": settings.mqtt.password_file,
        "mqtt.tls.key_file": settings.mqtt.tls.key_file,
        "ntfy.token_file": settings.ntfy.token_file if settings.ntfy.url else None,
        "clips.key_file": settings.clips.key_file,
        "web.tls.key_file": settings.web.tls.key_file,
        "web.password_file": settings.web.password_file,
    }
    if "ntfy.url" in loaded.base:
        files["The settings file, which names an ntfy topic,"] = loaded.config_path
    return tuple(
        f"{key} {path} can be read by every user of this machine: as root, "
        f"chgrp {GROUP} {path} and then chmod 640 {path}."
        for key, path in files.items()
        if path is not None and _is_for_everyone(path)
    )


def _is_for_everyone(path: Path) -> bool:
    with suppress(OSError):
        return bool(path.stat().st_mode & stat.S_IROTH)
    return False
