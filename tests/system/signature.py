"""Sound that cannot be mistaken for anything else, and the search for it on a machine."""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import soundfile
from numpy.typing import NDArray

STEP = 800  # samples between the places that are looked for: a twentieth of a second
LENGTH = 24  # samples that must agree
# where a machine keeps what programs leave; /tmp besides, which may hold whole checkouts of others
PLACES = tuple(Path(f"/{name}") for name in ("var/tmp", "var/log", "var/crash", "dev/shm", "run"))
_LOW = np.uint64((1 << 20) - 1)
MOST_BYTES = 64_000_000  # of a file that is searched


class Signature:
    """A night over which lies noise that no other sound has; exact in 16 bits, at 16 kHz.

    A piece of 0.06 s of it, in 16-bit integers or as 32-bit or 64-bit floats, is found wherever it
    begins.
    """

    def __init__(self, samples: NDArray[np.int16]) -> None:
        self.samples = samples
        floats = self.samples / np.float32(32768)
        forms = (self.samples, floats.astype(np.float32), floats.astype(np.float64))
        self._wholes: dict[bytes, list[bytes]] = defaultdict(list)  # by their first 8 bytes
        for at in self._places():
            for form in forms:
                whole = form[at : at + LENGTH].tobytes()
                self._wholes[whole[:8]].append(whole)
        self._heads = np.frombuffer(b"".join(self._wholes), np.uint64)
        self._may_be = np.zeros(1 << 20, dtype=bool)  # by their lowest bits: a quick first look
        self._may_be[self._heads & _LOW] = True

    @classmethod
    def over(cls, night: Path) -> Self:
        """Return a new one, over the sound of a file."""
        sound, rate_hz = soundfile.read(night, dtype="float32")
        assert rate_hz == 16_000
        noise = np.random.default_rng(int.from_bytes(os.urandom(8))).integers(-60, 61, len(sound))
        return cls((np.round(sound * 30_000) + noise).astype(np.int16))

    def _places(self) -> Iterator[int]:
        """Give places to look for; their first samples are none that files are full of."""
        for at in range(0, len(self.samples) - STEP, STEP):
            head = self.samples[at : at + 4]
            if head.all() and len(set(head.tolist())) == len(head):
                yield at

    def write(self, path: Path) -> None:
        """Write it as a WAV file."""
        soundfile.write(path, self.samples, 16_000, subtype="PCM_16")

    def is_in(self, data: bytes) -> bool:
        """Whether a piece of it is in `data`."""
        for shift in range(min(8, len(data))):
            words = np.frombuffer(data, np.uint64, (len(data) - shift) // 8, shift)
            near = np.flatnonzero(self._may_be[words & _LOW])
            for word in near[np.isin(words[near], self._heads)]:
                at = shift + 8 * int(word)
                if any(
                    data.startswith(whole, at) for whole in self._wholes.get(data[at : at + 8], ())
                ):
                    return True
        return False


def changed_since(began_s: float, *folders: Path) -> Iterator[Path]:
    """Give every file below these folders that was made or changed since then."""
    for folder in folders:
        for parent, _, names in os.walk(folder, onerror=None):
            for name in names:
                path = Path(parent, name)
                try:
                    about = path.lstat()
                except OSError:
                    continue  # gone meanwhile
                if path.is_file() and not path.is_symlink() and about.st_ctime >= began_s:
                    yield path


def main(action: str, wav: str, *words: str) -> None:
    """`write WAV NIGHT`, or `find WAV SINCE FOLDER…`, which prints the files that hold it."""
    if action == "write":
        Path(wav).parent.mkdir(parents=True)
        Signature.over(Path(words[0])).write(Path(wav))
        return
    signature = Signature(soundfile.read(wav, dtype="int16")[0])
    for path in changed_since(float(words[0]), *map(Path, words[1:])):
        if signature.is_in(contents(path)):
            print(path)


def contents(path: Path) -> bytes:
    """What a file holds, as far as it is searched; nothing where it has just gone."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError:
        return b""


if __name__ == "__main__":
    main(*sys.argv[1:])
