"""Clips as a user meets them: kept at the bedside, told, listed, deleted, exported."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osa_daemon.audio.source import SourceState
from osa_daemon.cli import main
from osa_daemon.clips.clip import SEALED, Recording
from osa_daemon.clips.flac import flac_of
from osa_daemon.clips.keeper import Keeper
from osa_daemon.clips.recorder import Recorder, Wanted
from osa_daemon.clips.sealing import Seal
from osa_daemon.errors import ConfigError
from osa_daemon.service.clips import Clips, shelf_of
from osa_daemon.service.commands import Commands
from osa_daemon.settings.load import load
from tests.mosquitto import wait_for
from tests.service.at_bedside import BREATH, PAUSE, Script, Wire, make

KEY = bytes(range(32))
SOUND = np.random.default_rng(5).integers(-9000, 9000, 16_000, dtype=np.int16)
NAMES = ("2026-03-01T233000_apnea_aaaaaaaa.flac", "2026-03-02T220000_alert_bbbbbbbb.flac")
NIGHT = (
    (SourceState.RUNNING, BREATH, 300),
    (SourceState.RUNNING, PAUSE, 200),
    (SourceState.RUNNING, BREATH, 300),
)


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a settings file whose section `clips` holds some lines."""

    def write(*lines: str) -> Path:
        path = tmp_path / "config.yaml"
        section = "".join(f"  {line}\n" for line in lines)
        text = f"journal:\n  state_dir: {tmp_path}\n" + (f"clips:\n{section}" if lines else "")
        path.write_text(text)
        return path

    return write


def put_clips(config: Path) -> None:
    """Two clips of two nights."""
    shelf = shelf_of(load(config).settings)
    for name in NAMES:
        shelf.put(name, flac_of(SOUND))


@pytest.mark.parametrize(
    ("keep", "kinds"), [("nothing", []), ("alerts", ["alert"]), ("events", ["apnea"])]
)
def test_the_bedside_keeps_what_the_settings_want(
    tmp_path: Path, keep: str, kinds: list[str]
) -> None:
    """A pause of 40 s, alerted and decided: one clip of it, or none."""
    kept: list[Recording] = []
    bedside = make(tmp_path, Wire(), Script(*NIGHT))
    clock = bedside._rooms.clock
    wanted = Wanted(keep, 5, 3)  # type: ignore[arg-type]
    bedside._rooms.recorder = Recorder(wanted, clock.wall_time, kept.append)
    bedside.run()
    assert [recording.kind for recording in kept] == kinds
    for recording in kept:
        assert np.count_nonzero(recording.samples == 0) == 40 * 16_000
        before, after = recording.samples[: 4 * 16_000], recording.samples[-2 * 16_000 :]
        assert set(before.tolist()) == set(after.tolist()) == {round(BREATH * 32767)}
        assert len(recording.samples) < 60 * 16_000


def test_the_command_of_the_broker_deletes_what_waits_too(tmp_path: Path) -> None:
    """Sound that was held to be kept is dropped before the files are deleted."""
    done: list[str] = []

    class Noting(Recorder):
        def forget(self) -> None:
            done.append("forgotten")

    commands = Commands()
    commands.put("delete_clips", b"PRESS")
    bedside = make(tmp_path, Wire(), Script(*NIGHT[:1]), commands=commands)
    bedside._rooms.recorder = Noting()
    bedside._rooms.delete_clips = lambda: done.append("deleted")
    bedside.run()
    assert done[:2] == ["forgotten", "deleted"]


def test_it_is_told_whether_sound_is_kept(config: Callable[..., Path]) -> None:
    """On the topic `clips`: by default that none is; with a key that it is encrypted."""
    wire = Wire()
    clips = Clips(load(config()).settings, wire)
    clips.start()
    wait_for(lambda: wire.all("clips"))
    clips.stop(10)
    assert wire.last("clips") == {
        "v": 1, "keeping": False, "encrypted": False, "count": 0, "bytes": 0, "oldest": None,
        "problem": None,
    }  # fmt: skip
    path = config("keep: events")
    key = path.with_name("key")
    key.write_text(KEY.hex())
    clips = Clips(load(config("keep: events", f"key_file: {key}")).settings, wire)
    recorder = clips.recorder(lambda _s: datetime(2026, 3, 1, 23, 30).astimezone())
    clips.start()
    assert recorder._hand_over is not None
    recorder._hand_over(Recording("apnea", "a", datetime.now().astimezone(), SOUND))
    wait_for(lambda: wire.last("clips")["count"] == 1)
    told = wire.last("clips")
    assert (told["keeping"], told["encrypted"], told["problem"]) == (True, True, None)
    assert told["bytes"] > 16_000
    assert datetime.fromisoformat(told["oldest"]).utcoffset() is not None
    clips.delete_all()
    wait_for(lambda: wire.last("clips")["count"] == 0)
    clips.stop(10)


def test_a_wrong_key_is_refused_at_the_start(config: Callable[..., Path], tmp_path: Path) -> None:
    """Sound is not kept in the open where a key was asked for; where none is kept, no matter."""
    lines = (f"key_file: {tmp_path / 'none'}",)
    with pytest.raises(ConfigError, match=r"clips\.key_file .* cannot be read"):
        Clips(load(config("keep: alerts", *lines)).settings, Wire())
    Clips(load(config(*lines)).settings, Wire())


def test_check_config_says_that_the_key_is_wrong(
    config: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a warning, with what `run` would do."""
    path = config("keep: alerts", f"key_file: {tmp_path / 'none'}")
    assert main(["check-config", str(path)]) == 0
    assert "clips.key_file" in (told := capsys.readouterr().err)
    assert "`run` would end at that" in told
    assert main(["check-config", str(config(f"key_file: {tmp_path / 'none'}"))]) == 0
    assert "clips.key_file" not in capsys.readouterr().err


def test_clips_are_listed(config: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """First whether sound is kept at all, then a line for each; as JSON for programs."""
    path = config()
    assert main(["clips", "--config", str(path)]) == 0
    assert capsys.readouterr().out.startswith("No sound is kept (clips.keep: nothing).\nThere are")
    put_clips(path)
    assert main(["clips", "--config", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("2026-03-01T233000_apnea_aaaaaaaa  night 2026-03-01")
    assert main(["clips", "--json", "--night", "2026-03-02", "--config", str(path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [clip["id"] for clip in told["clips"]] == ["2026-03-02T220000_alert_bbbbbbbb"]
    assert told["keep"] == "nothing"


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ([], []),
        (["--night", "2026-03-01"], [NAMES[1]]),
        (["2026-03-02T220000_alert_bbbbbbbb"], [NAMES[0]]),
    ],
)
def test_clips_are_deleted_in_one_command(
    config: Callable[..., Path], tmp_path: Path, arguments: list[str], left: list[str]
) -> None:
    """All of them, those of a night, or those that are named."""
    path = config()
    put_clips(path)
    part = tmp_path / "clips" / f"{NAMES[0]}.part"  # of a daemon that was killed while it wrote
    part.touch()
    assert main(["clips", "delete", *arguments, "--config", str(path)]) == 0
    assert part.exists() == bool(left)
    part.unlink(missing_ok=True)
    assert sorted(clip.name for clip in (tmp_path / "clips").iterdir()) == left


def test_a_clip_that_is_not_there_deletes_no_other(
    config: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that was mistyped is told, and nothing is gone."""
    path = config()
    put_clips(path)
    names = ["2026-03-02T220000_alert_bbbbbbbb", "2026-03-02"]
    assert main(["clips", "delete", *names, "--config", str(path)]) == 3
    assert "There is no clip '2026-03-02'" in capsys.readouterr().err
    assert len(list((tmp_path / "clips").iterdir())) == 2


def test_a_clip_is_exported(config: Callable[..., Path], tmp_path: Path) -> None:
    """As FLAC that only its owner may read; sealed ones by the key of the settings."""
    key = tmp_path / "key"
    key.write_text(KEY.hex())
    path = config(f"key_file: {key}")
    name = NAMES[0] + SEALED
    shelf_of(load(path).settings).put(name, Seal(KEY).close(flac_of(SOUND), name))
    out = tmp_path / "out.flac"
    clip = "2026-03-01T233000_apnea_aaaaaaaa"
    assert main(["clips", "export", clip, str(out), "--config", str(path)]) == 0
    assert np.array_equal(soundfile.read(out, dtype="int16")[0], SOUND)
    assert out.stat().st_mode & 0o777 == 0o600


def test_an_export_that_cannot_be_is_a_sentence(
    config: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Too few names, no such clip, a file that is there, no key, no folder."""
    path = config()
    name = NAMES[0] + SEALED
    shelf_of(load(path).settings).put(name, Seal(KEY).close(flac_of(SOUND), name))
    put_clips(path)
    sealed, plain = "2026-03-01T233000_apnea_aaaaaaaa", "2026-03-02T220000_alert_bbbbbbbb"
    (tmp_path / "clips" / NAMES[0]).unlink()
    (tmp_path / "there.flac").write_text("mine")
    for arguments, code, words in (
        ([plain], 2, "name a clip and the file to write"),
        (["x", "y"], 3, "There is no clip 'x'"),
        ([plain, str(tmp_path / "there.flac")], 4, "is there already"),
        ([plain, str(tmp_path / "no" / "folder.flac")], 4, "cannot be written"),
        ([sealed, str(tmp_path / "out.flac")], 2, "must name the file with its key"),
    ):
        assert main(["clips", "export", *arguments, "--config", str(path)]) == code
        assert words in capsys.readouterr().err
    assert (tmp_path / "there.flac").read_text() == "mine"


def test_the_folder_is_not_made_before_it_is_needed(
    config: Callable[..., Path], tmp_path: Path
) -> None:
    """A daemon that keeps nothing leaves no trace of clips on the disk."""
    keeper = Keeper(shelf_of(load(config()).settings), 7, None, lambda _kept: None)
    keeper.start()
    keeper.stop(10)
    assert not (tmp_path / "clips").exists()
