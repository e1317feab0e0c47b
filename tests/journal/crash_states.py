"""What a disk may hold after a power cut, rebuilt from a trace of what a program asked of it.

Of what was written since the last `fsync` of a file any part may be there: each write whole, not at
all, or in some of its sectors of 512 bytes, whatever came before or after it. Of names that were
made, changed or taken away since the last `fsync` of their folder likewise. That is what POSIX
leaves open, and more than most file systems do. Bytes beside those that were written stay what they
were; a card that spoils what nobody wrote is a damaged file, which is tried elsewhere.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

SECTOR: Final = 512
CALLS: Final = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename,close"
IGNORED: Final = "-shm"  # in memory, made anew by whoever opens the file first
_CALL: Final = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_OPEN_FILE: Final = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>(?:\(deleted\))?")


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that were written into a file; `data` None sets its length to `at`."""

    file: int
    at: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Naming:
    """Names stand for a file from now on, or for none: all of them or, lost, none."""

    names: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Synced:
    """What was written to a file, or named in the folder (None), is on the disk."""

    file: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """The program said a word: what came before it has returned."""

    word: str


Step = Write | Naming | Synced | Told


def read_trace(trace: Path, folder: Path, there: dict[str, int]) -> Iterator[Step]:
    """Read what strace noted of files in `folder`; `there` are those that it began with."""
    names, opened = dict(there), dict[str, int]()
    numbers = iter(range(1000, 10**9))
    for line in trace.read_text().splitlines():
        match = _CALL.match(line)
        if match is None or match[3].startswith("-"):
            continue
        call, arguments, result = match.groups()
        texts = [_bytes(text) for text in _TEXT.findall(arguments)]
        held = _OPEN_FILE.match(arguments)
        if call == "openat":
            name = _name(texts[0], folder)
            if name is None:
                continue
            if name not in names:
                names[name] = next(numbers)
                yield Naming(((name, names[name]),))
            opened[result] = names[name]
        elif call in ("unlink", "rename"):
            yield from _renamed(call, [_name(text, folder) for text in texts], names)
        elif held is not None:
            yield from _on_open(call, held, arguments, texts, folder, opened)


def _renamed(call: str, found: list[str | None], names: dict[str, int]) -> Iterator[Step]:
    old = found[0]
    if old is None or old not in names:
        return
    file = names.pop(old)
    if call == "rename" and found[1] is not None:
        names[found[1]] = file
        yield Naming(((found[1], file), (old, None)))
    else:
        yield Naming(((old, None),))


def _on_open(
    call: str,
    held: re.Match[str],
    arguments: str,
    texts: list[bytes],
    folder: Path,
    opened: dict[str, int],
) -> Iterator[Step]:
    number, path = held[1], _bytes(held[2])
    if call == "close":
        opened.pop(number, None)
    elif call == "write" and number == "1":
        yield from (Told(word) for word in texts[0].decode().split())
    elif call in ("fsync", "fdatasync") and path == str(folder).encode():
        yield Synced(None)
    elif number in opened:
        file = opened[number]
        if call == "pwrite64":
            yield Write(file, int(arguments.rsplit(",", 1)[1]), texts[0])
        elif call == "ftruncate":
            yield Write(file, int(arguments.rsplit(",", 1)[1]), None)
        elif call in ("fsync", "fdatasync"):
            yield Synced(file)


def _bytes(text: str) -> bytes:
    found = ast.literal_eval(f'b"{text}"')
    assert isinstance(found, bytes)
    return found


def _name(path: bytes, folder: Path) -> str | None:
    """Return a file's name in the folder; None where it is elsewhere, or not kept on a disk."""
    found = Path(path.decode())
    is_ours = found.parent == folder and not found.name.endswith(IGNORED)
    return found.name if is_ours else None


@dataclass
class Disk:
    """What is on the disk for certain, and what was asked of it since."""

    names: dict[str, int] = field(default_factory=dict)
    files: dict[int, bytearray] = field(default_factory=dict)
    open_steps: list[Write | Naming] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Take what the program does next."""
        if isinstance(step, Write | Naming):
            self.open_steps.append(step)
        elif isinstance(step, Synced):
            kept = []
            for each in self.open_steps:
                is_name = isinstance(each, Naming)
                if is_name == (step.file is None) and (is_name or each.file == step.file):
                    _apply(self.names, self.files, each, None)
                else:
                    kept.append(each)
            self.open_steps = kept

    def after_a_cut(self, random: Random, way: str) -> dict[str, bytes]:
        """Return the files after a power cut now.

        `way`: of what is not certain, `none` is there, `all`, a random part (`some`), all but one
        (`but`), one alone (`one`), or all, torn (`torn`).
        """
        names, files = dict(self.names), {n: bytearray(c) for n, c in self.files.items()}
        chosen = random.randrange(len(self.open_steps)) if self.open_steps else 0
        for number, step in enumerate(self.open_steps):
            is_there = {
                "none": False,
                "all": True,
                "torn": True,
                "some": random.random() < 0.5,
                "but": number != chosen,
                "one": number == chosen,
            }[way]
            is_torn = way == "torn" or (way == "some" and random.random() < 0.3)
            if is_there:
                _apply(names, files, step, random if is_torn else None)
        return {name: bytes(files.get(file, b"")) for name, file in names.items()}


def _apply(
    names: dict[str, int], files: dict[int, bytearray], step: Write | Naming, torn: Random | None
) -> None:
    if isinstance(step, Naming):
        for name, file in step.names:
            if file is None:
                names.pop(name, None)
            else:
                names[name] = file
        return
    content = files.setdefault(step.file, bytearray())
    if step.data is None:
        del content[step.at :]
        content.extend(bytes(step.at - len(content)))
        return
    for start, end in _pieces(step.at, step.at + len(step.data)):
        if torn is not None and torn.random() < 0.5:
            continue
        content.extend(bytes(max(0, end - len(content))))
        content[start:end] = step.data[start - step.at : end - step.at]


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a span at the bounds of sectors."""
    while start < end:
        after = min(end, (start // SECTOR + 1) * SECTOR)
        yield start, after
        start = after
