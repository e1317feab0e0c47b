"""Files as a source."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import BLOCK_SAMPLES, FileSource
from osa_daemon.audio.source import SourceState
from osa_daemon.errors import InputError

FORMATS = {"wav": "WAV", "flac": "FLAC", "ogg": "OGG", "mp3": "MP3"}


def write(path: Path, sound: np.ndarray, rate_hz: int = 16_000, subtype: str | None = None) -> Path:
    """Write a sound file; in pieces, since Ogg's encoder cannot take much at once."""
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    kind = FORMATS[path.suffix[1:]]
    with soundfile.SoundFile(path, "w", rate_hz, channels, subtype, format=kind) as file:
        for start in range(0, len(sound), 4096):
            file.write(sound[start : start + 4096])
    return path


def read_all(source: FileSource) -> list[Block]:
    """Read until the end."""
    blocks = []
    while (block := source.read(0.0)) is not None:
        blocks.append(block)
    source.close()
    return blocks


def joined(blocks: list[Block]) -> np.ndarray:
    """All samples; the blocks must follow each other without a gap."""
    assert [block.start for block in blocks] == [
        0,
        *np.cumsum([len(block.samples) for block in blocks])[:-1],
    ]
    return np.concatenate([block.samples for block in blocks])


@pytest.fixture
def noise() -> np.ndarray:
    """Three seconds at 16 kHz, exact in 16 bits."""
    steps = np.random.default_rng(3).integers(-8000, 8000, 48_001)
    return (steps / 32768).astype(np.float32)


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_16_khz_mono_passes_unchanged(tmp_path: Path, noise: np.ndarray, kind: str) -> None:
    """Lossless files at 16 kHz come out bit by bit, in blocks of one size."""
    blocks = read_all(FileSource(write(tmp_path / f"a.{kind}", noise)))
    assert {len(block.samples) for block in blocks[:-1]} == {BLOCK_SAMPLES}
    assert np.array_equal(joined(blocks), noise)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_length_in_every_format(tmp_path: Path, kind: str, rate_hz: int) -> None:
    """What comes out lasts as long as the file, whatever its format and rate."""
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(2 * rate_hz + 7) / rate_hz)
    source = FileSource(write(tmp_path / f"a.{kind}", tone.astype(np.float32), rate_hz))
    wanted = round(source.duration_s * 16_000)
    found = joined(read_all(source))
    assert len(found) == wanted
    assert source.health().state is SourceState.ENDED
    assert "cut short" not in source.health().text
    assert np.sqrt(np.mean(found**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("kind", FORMATS)
def test_reading_in_pieces_leaves_no_trace(tmp_path: Path, noise: np.ndarray, kind: str) -> None:
    """What comes out block by block is what the decoder gives for the whole file at once."""
    path = write(tmp_path / f"a.{kind}", noise)
    whole, _ = soundfile.read(path, dtype="float32")
    assert np.allclose(joined(read_all(FileSource(path))), whole, rtol=0, atol=1e-6)


def test_channels_are_mixed_by_their_mean(tmp_path: Path, noise: np.ndarray) -> None:
    """Three channels become one."""
    three = np.stack([noise, noise / 2, np.zeros_like(noise)], axis=1)
    found = joined(read_all(FileSource(write(tmp_path / "a.wav", three, subtype="FLOAT"))))
    assert np.allclose(found, noise / 2, atol=1e-6)


def test_what_is_no_number_counts_as_silence(tmp_path: Path, noise: np.ndarray) -> None:
    """NaN, infinity and absurd values neither spread nor crash; they are counted and said."""
    noise[100:103] = (np.nan, np.inf, -np.inf)
    noise[200] = 1e30
    source = FileSource(write(tmp_path / "a.wav", noise, 44_100, subtype="FLOAT"))
    found = joined(read_all(source))
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 8
    assert "3 samples were not valid numbers" in source.health().text


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_short_is_read_as_far_as_it_goes(tmp_path: Path, kind: str) -> None:
    """Two thirds of a file give about two thirds of its sound, and health says so."""
    steps = np.random.default_rng(0).integers(-8000, 8000, 160_000)
    path = write(tmp_path / f"a.{kind}", (steps / 32768).astype(np.float32))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    source = FileSource(path)
    found = joined(read_all(source))
    assert 90_000 < len(found) < 115_000
    assert "cut short" in source.health().text


def test_a_wav_of_unknown_length_is_not_called_cut_short(tmp_path: Path, noise: np.ndarray) -> None:
    """Recorders that write to a pipe leave 0xFFFFFFFF as the size: nothing is missing."""
    path = write(tmp_path / "a.wav", noise)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    source = FileSource(path)
    assert len(joined(read_all(source))) == len(noise)
    assert "cut short" not in source.health().text


class _Clock:
    """Time that passes only when slept."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_speed_paces_by_the_clock(tmp_path: Path, noise: np.ndarray) -> None:
    """At speed 2, three seconds take one and a half; a block comes when it has sounded."""
    clock = _Clock()
    path = write(tmp_path / "a.wav", noise[:48_000])
    source = FileSource(path, 2.0, clock=clock, sleep=clock.sleep)
    first = source.read(1.0)
    assert first is not None
    assert clock.now_s == pytest.approx(50.0 + first.end / 16_000 / 2)
    while source.read(1.0) is not None:
        pass
    assert clock.now_s == pytest.approx(51.5)


def test_a_block_that_is_not_due_is_waited_for_no_longer_than_asked(
    tmp_path: Path, noise: np.ndarray
) -> None:
    """`read` returns nothing after its timeout, and the same block later."""
    clock = _Clock()
    source = FileSource(write(tmp_path / "a.wav", noise), 1.0, clock=clock, sleep=clock.sleep)
    assert source.read(0.1) is None
    assert clock.now_s == pytest.approx(50.1)
    assert source.health().state is SourceState.RUNNING
    block = source.read(10.0)
    assert block is not None
    assert block.start == 0
    source.close()


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Reading 40 minutes at 48 kHz takes no more memory than reading 1 minute."""
    path = tmp_path / "a.flac"
    with soundfile.SoundFile(path, "w", 48_000, 1) as file:
        for _ in range(40):
            file.write(np.zeros(60 * 48_000, dtype=np.int16))
    program = (
        "import resource, sys\n"
        "from osa_daemon.audio.file import FileSource\n"
        "source = FileSource(sys.argv[1])\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for _ in range(240): source.read(0)\n"
        "first = peak()\n"
        "while source.read(0): pass\n"
        "print(peak() - first)\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, check=True, text=True
    ).stdout
    assert int(out) < 3_000  # KiB


def test_closing_twice_is_allowed(tmp_path: Path, noise: np.ndarray) -> None:
    """After `close` nothing comes any more."""
    source = FileSource(write(tmp_path / "a.wav", noise))
    source.close()
    source.close()
    assert source.read(0.0) is None


def sentence(path: Path) -> str:
    """Return the refusal of `path`, which must be one sentence that names it."""
    with pytest.raises(InputError) as refused:
        FileSource(path)
    text = str(refused.value)
    assert str(path) in text
    assert "\n" not in text
    assert "SoundFile" not in text
    assert text.endswith(".")
    return text


def test_missing_file(tmp_path: Path) -> None:
    """It is said to be missing."""
    assert "does not exist" in sentence(tmp_path / "none.wav")


def test_folder(tmp_path: Path) -> None:
    """A folder is said to be one."""
    assert "is a folder" in sentence(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    """A file of 0 bytes is said to be empty."""
    (tmp_path / "a.wav").touch()
    assert "is empty" in sentence(tmp_path / "a.wav")


def test_device_file() -> None:
    """What is no plain file is refused, and never waited for."""
    assert "not a plain file" in sentence(Path("/dev/zero"))


def test_a_path_with_a_null_byte() -> None:
    """A path that no system takes is refused."""
    assert "not a valid path" in sentence(Path("a\0b.wav"))


@pytest.mark.parametrize("content", [b"hello, this is text\n" * 50, b"RIFF", bytes(5_000)])
def test_no_sound_file(tmp_path: Path, content: bytes) -> None:
    """Text, a lone magic number and zeros are said to be no sound file."""
    (tmp_path / "a.wav").write_bytes(content)
    assert "not a sound file" in sentence(tmp_path / "a.wav")


def test_no_samples(tmp_path: Path) -> None:
    """A valid file of length 0 holds no sound."""
    path = write(tmp_path / "a.wav", np.zeros(0, dtype=np.float32))
    assert "holds no sound" in sentence(path)


def test_a_rate_too_low_for_breath(tmp_path: Path) -> None:
    """A rate of 100 Hz is named, with what is allowed."""
    path = write(tmp_path / "a.wav", np.zeros(500, dtype=np.float32), 100)
    assert "100 Hz; 4000 to 768000 Hz" in sentence(path)


def test_unreadable_file(tmp_path: Path, noise: np.ndarray) -> None:
    """A file of another user is said to be unreadable, not broken."""
    folder = tmp_path / "of root"
    folder.mkdir()
    path = write(folder / "a.wav", noise)
    path.chmod(0)
    program = (
        "import os, sys\n"
        "from osa_daemon.audio.file import FileSource\n"
        "from osa_daemon.errors import InputError\n"
        "if os.getuid() == 0: os.chdir(sys.argv[1]); os.setresuid(65534, 65534, 65534)\n"
        "try: FileSource(sys.argv[2])\n"
        "except InputError as error: print(error)\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", program, folder, "a.wav"],
        capture_output=True,
        check=True,
        text=True,
        cwd=folder,
    ).stdout
    assert out.strip() == (
        "a.wav may not be read by this user; change its permissions or run as its owner."
    )
