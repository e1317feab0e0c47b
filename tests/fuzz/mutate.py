"""Making new inputs from known ones: bytes, words, numbers and lines are changed by chance."""

import re
from collections.abc import Callable, Sequence
from random import Random

NUMBERS = (
    b"0", b"-1", b"1", b"2147483648", b"-9223372036854775809", b"1e308", b"1e999", b"-0.0",
    b"NaN", b"Infinity", b".inf", b"0x10", b"0o17", b"1_000", b"00:00", b"24:00", b"1e-400",
)  # fmt: skip
ODDITIES = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", "\u2028".encode(), "\u202e".encode(),
    b"\r", b"\r\n", b"\t", b"\x1b[2J", b"\x85", b"{{ 7 * 7 }}", b"'", b'"', b"\\u0000", b"\\",
)  # fmt: skip
DEEP = (b"[", b"{", b"- ", b'{"a":', b"(", b"?", b"&a ", b"!!x ")
LONGEST = 4_096  # bytes; a longer one now and then, so that bounds are met too
HUGE = 400_000

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")


class Mutator:
    """Changes inputs; everything it does follows from `random`."""

    def __init__(self, random: Random, words: Sequence[bytes]) -> None:
        self._random = random
        self._words = words or (b"",)
        self._ways: tuple[Callable[[bytes], bytes], ...] = (
            self._flip, self._flip, self._byte, self._cut, self._repeat, self._word, self._word,
            self._oddity, self._number, self._number, self._lines, self._indent, self._truncate,
        )  # fmt: skip

    def change(self, data: bytes, other: bytes) -> bytes:
        """Return `data` changed in one to eight ways; now and then spliced with `other`."""
        random = self._random
        if random.random() < 0.1:
            data = data[: self._at(data)] + other[self._at(other) :]
        for _ in range(min(1 + int(random.expovariate(0.7)), 8)):
            data = random.choice(self._ways)(data)
        if random.random() < 0.002:
            data = self._deepen(data)
        if random.random() < 0.0002:
            return data * (HUGE // max(len(data), 1) + 1)
        return data[:LONGEST]

    def _at(self, data: bytes) -> int:
        return self._random.randrange(len(data) + 1)

    def _span(self, data: bytes) -> tuple[int, int]:
        start = self._at(data)
        return start, min(len(data), start + int(self._random.expovariate(0.1)))

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self._random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << self._random.randrange(8))]) + data[at + 1 :]

    def _byte(self, data: bytes) -> bytes:
        at = self._at(data)
        return data[:at] + bytes([self._random.randrange(256)]) + data[at + 1 :]

    def _cut(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + data[end:]

    def _repeat(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:end] + data[start:end] * self._random.choice((1, 2, 40)) + data[end:]

    def _put(self, data: bytes, what: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + what + data[self._random.choice((start, end)) :]

    def _word(self, data: bytes) -> bytes:
        return self._put(data, self._random.choice(self._words))

    def _oddity(self, data: bytes) -> bytes:
        return self._put(data, self._random.choice(ODDITIES))

    def _number(self, data: bytes) -> bytes:
        found = list(_NUMBER.finditer(data))
        if not found:
            return self._put(data, self._random.choice(NUMBERS))
        match = self._random.choice(found)
        return data[: match.start()] + self._random.choice(NUMBERS) + data[match.end() :]

    def _lines(self, data: bytes) -> bytes:
        lines = data.split(b"\n")
        first, second = self._random.randrange(len(lines)), self._random.randrange(len(lines))
        if self._random.random() < 0.5:
            lines[first], lines[second] = lines[second], lines[first]
        else:
            lines.insert(first, lines[second])
        return b"\n".join(lines)

    def _indent(self, data: bytes) -> bytes:
        lines = data.split(b"\n")
        at = self._random.randrange(len(lines))
        lines[at] = self._random.choice((b" ", b"  ", b"\t", b"- ", b"")) + lines[at].lstrip(b" ")
        return b"\n".join(lines)

    def _truncate(self, data: bytes) -> bytes:
        return data[: self._at(data)] if self._random.random() < 0.2 else data

    def _deepen(self, data: bytes) -> bytes:
        return self._put(data, self._random.choice(DEEP) * self._random.choice((50, 1_000, 20_000)))
