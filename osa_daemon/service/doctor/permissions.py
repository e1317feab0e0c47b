"""Whether the daemon's user may read and write what it needs, whoever runs doctor."""

from collections.abc import Iterator
from pathlib import Path

from osa_daemon.service.check_config import values_of
from osa_daemon.service.doctor.account import ENTER, READ, WRITE, Account
from osa_daemon.service.doctor.finding import Finding, bad, doubtful, good
from osa_daemon.service.doctor.unit import Unit
from osa_daemon.settings.load import VARIABLES, Loaded

NAME = "permissions"
ROOT = Path("/")


def check_permissions(
    loaded: Loaded, unit: Unit | None, account: Account | None, root: Path = ROOT
) -> Iterator[Finding]:
    """Judge files, folders and sound devices below `root` for the daemon's user."""
    if account is None:
        user = unit.user if unit else "?"
        yield bad(NAME, f"the service's user {user} is not there: run scripts/install.sh again.")
        return
    found = [*_groups(account), *_files(loaded, unit, account), *_sound(account, root)]
    yield from found
    if not found:
        yield good(NAME, f"{account.name} may read its settings and secrets, and record sound")


def _groups(account: Account) -> Iterator[Finding]:
    for group in account.lacking:
        yield bad(NAME, f"the group {group}, which the unit names, does not exist: groupadd it.")


def _files(loaded: Loaded, unit: Unit | None, account: Account) -> Iterator[Finding]:
    """Look at what is only read; what is missing is told by others."""
    given = {} if unit is None else unit.environment
    by_credential = {key for name, key in VARIABLES.items() if name in given}
    files = {key: value for key, value in values_of(loaded).items() if key.endswith("_file")}
    if loaded.settings.ntfy.url is None:
        del files["ntfy.token_file"]  # nobody reads it
    if loaded.config_path is not None:
        yield from _closed("the settings file", loaded.config_path, READ, account)
    for key, path in files.items():
        if path is not None and key not in by_credential:
            yield from _closed(key, Path(str(path)), READ, account)


def _closed(what: str, path: Path, want: int, account: Account) -> Iterator[Finding]:
    try:
        obstacle = account.obstacle(path, want)
    except FileNotFoundError:
        return
    except OSError:
        yield doubtful(NAME, f"whether {account.name} may read {what} {path}: run it with sudo.")
        return
    if obstacle is None:
        return
    if obstacle == path:
        remedy = f"sudo chgrp {account.name} {path} and then sudo chmod 640 {path}"
    else:
        remedy = (
            f"it is behind {obstacle}, which is closed to that user: move it to /etc/osa-daemon"
        )
    yield bad(NAME, f"{account.name} may not read {what} {path}: {remedy}.")


def _sound(account: Account, root: Path) -> Iterator[Finding]:
    """Look at the devices that record; a machine with a sound server only has none."""
    for node in sorted(root.glob("dev/snd/pcmC*c")):
        try:
            obstacle = account.obstacle(node, READ | WRITE)
        except OSError:
            continue  # unplugged meanwhile
        if obstacle is not None:
            group = _group(node)
            yield bad(
                NAME,
                f"{account.name} may not record from {node}: "
                f"sudo usermod -aG {group} {account.name}, then restart the daemon.",
            )
            return


def _group(node: Path) -> str:
    try:
        return node.group()
    except (KeyError, OSError):
        return "audio"


def state_folder_obstacle(folder: Path, account: Account) -> str | None:
    """Return why `account` cannot write the journal in `folder`; None where it can."""
    try:
        obstacle = account.obstacle(folder, READ | WRITE | ENTER)
    except FileNotFoundError:
        return f"{folder} is not there: create it for {account.name}"
    except OSError as error:
        return f"{folder} cannot be looked at ({error.strerror}): run doctor with sudo"
    if obstacle is None:
        return None
    return (
        f"{account.name} may not write {folder} (closed at {obstacle}): "
        f"sudo chown {account.name}: {obstacle}"
    )
