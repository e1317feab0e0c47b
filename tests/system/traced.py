"""What a program and all its children write and connect to, as strace sees it."""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

MAKES = "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat"
WRITES = "write,writev,pwrite64,pwritev,pwritev2,sendfile,copy_file_range,splice,mmap"
LONGEST = 1 << 20  # bytes of one write that are kept
_CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\w+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_OPEN_FILE = re.compile(r"^(?:AT_FDCWD|\d+)<([^>]*)>")
_ADDRESS = re.compile(r'sin6?_port=htons\((\d+)\).*?"((?:\\x[0-9a-f]{2})+)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: its name, arguments as strace prints them, and what it returned."""

    name: str
    arguments: str
    result: str

    @property
    def texts(self) -> list[bytes]:
        """The strings among its arguments."""
        assert "..." not in [more for _, more in _TEXT.findall(self.arguments)], self.arguments[:99]
        return [_bytes(text) for text, _ in _TEXT.findall(self.arguments)]

    @property
    def place(self) -> str:
        """The path, socket or pipe that its first argument is."""
        found = _OPEN_FILE.match(self.arguments)
        return re.sub(
            r"(?:\\x[0-9a-f]{2})+",
            lambda part: _bytes(part[0]).decode(errors="replace"),
            found[1] if found else "",
        )

    @property
    def address(self) -> tuple[str, int] | None:
        """The internet address among its arguments."""
        found = _ADDRESS.search(self.arguments)
        return (_bytes(found[2]).decode(), int(found[1])) if found else None


def command(prefix: Path) -> list[str]:
    """What goes before a command so that `calls(prefix)` tells of it: a file for each thread."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    traced = f"trace={MAKES},{WRITES},%network"
    return ["strace", "-ff", "-q", "-yy", "-xx", f"-s{LONGEST}", "-e", traced, "-o", str(prefix)]


def calls(prefix: Path) -> Iterator[Call]:
    """Give all calls; those that were cut off by a kill are left out."""
    for path in prefix.parent.glob(f"{prefix.name}.*"):
        for line in path.read_text(encoding="latin-1").splitlines():
            if found := _CALL.match(line):
                yield Call(*found.groups())


def made(traced: list[Call]) -> set[str]:
    """The paths that were opened for writing, made, or renamed to."""
    paths: set[str] = set()
    for call in traced:
        if call.result.startswith("-"):
            continue
        if call.name in {"open", "openat", "creat"}:
            if call.name == "creat" or re.search(r"O_(WRONLY|RDWR|CREAT)", call.arguments):
                paths.add(call.texts[0].decode())
        elif call.name in MAKES.split(","):
            paths |= {text.decode() for text in call.texts}
    return paths


def written(traced: list[Call]) -> dict[str, bytes]:
    """All that was written or sent, by path, socket or pipe."""
    data: dict[str, list[bytes]] = defaultdict(list)
    for call in traced:
        if (call.name != "mmap" and call.name in WRITES.split(",")) or call.name.startswith("send"):
            data[call.place] += call.texts
    return {place: b"".join(parts) for place, parts in data.items()}


def mapped(traced: list[Call]) -> set[str]:
    """The files whose contents were changed through memory, or could have been."""
    shared = [call for call in traced if call.name == "mmap" and "MAP_SHARED" in call.arguments]
    found = (re.search(r"PROT_WRITE.*, \d+<([^>]*)>", call.arguments) for call in shared)
    return {Call("", f"0<{match[1]}>", "").place for match in found if match}


def reached(traced: list[Call]) -> set[tuple[str, int]]:
    """The internet addresses that were connected or sent to, tried in vain too."""
    names = {"connect", "sendto", "sendmsg", "sendmmsg"}
    return {call.address for call in traced if call.name in names and call.address}


def own(traced: list[Call]) -> set[tuple[str, int]]:
    """The addresses of sockets of the program itself: what it reaches there is itself."""
    return {
        call.address
        for call in traced
        if call.name in {"bind", "getsockname"} and call.address and call.address[1]
    }


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
