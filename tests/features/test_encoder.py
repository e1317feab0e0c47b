"""The shipped encoder file, and what is said when it is not one."""

import re
from pathlib import Path

import numpy as np
import pytest

from osa_daemon.errors import ModelError
from osa_daemon.features.encoder import Encoder

SENTENCE = r"^[A-Z].*\.$"


def whole_clip(audio):
    """Return the clip with the reflected ends that Whisper gives it, as the encoder wants it."""
    return np.pad(audio.astype(np.float32) / 32_768, 200, mode="reflect")[: len(audio) + 240]


def test_agrees_with_whisper(encoder, reference):
    """The int8 file is within 5 % of openai-whisper's float32 features under the same mask."""
    features = encoder.run(whole_clip(reference["audio"]))
    expected = reference["block2_pooled"].astype(np.float32)
    assert features.shape == (50, 384)
    assert np.linalg.norm(features - expected) <= 0.05 * np.linalg.norm(expected)


def test_tells_about_itself(encoder):
    """The file names its source, what was kept of it, and its licence."""
    facts = encoder.metadata
    assert (encoder.width, encoder.samples_before, encoder.samples_after) == (384, 200, 40)
    assert (facts["depth"], facts["position_row"], facts["band_frames"]) == ("2", "250", "25")
    assert facts["precision"] == "int8"
    assert len(facts["checkpoint_sha256"]) == len(encoder.sha256) == 64
    assert "MIT" in facts["licence"]
    assert "2022 OpenAI" in facts["licence"]


def test_takes_any_length(encoder):
    """Every multiple of 0.2 s gives that many frames."""
    for frames in (1, 7, 33):
        sound = np.zeros(200 + frames * 3_200 + 40, np.float32)
        assert encoder.run(sound).shape == (frames, 384)


def test_holds_no_path_of_the_machine_that_made_it(encoder_path):
    """Nothing in the file names a folder."""
    content = encoder_path.read_bytes()
    assert not re.search(rb"/(home|root|tmp|usr|var)/", content)
    assert str(Path(__file__).parents[3]).encode() + b"/" not in content


def test_is_small(encoder_path):
    """The file stays near 6.5 MB."""
    assert encoder_path.stat().st_size < 7_000_000


def test_missing_file_is_named(tmp_path):
    """A path without a file gives a sentence with that path."""
    with pytest.raises(ModelError, match=SENTENCE) as caught:
        Encoder(tmp_path / "none.onnx")
    assert str(tmp_path / "none.onnx") in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.3, 0.9, 0.99999])
def test_cut_short_file_is_named(encoder_path, tmp_path, share):
    """However much of the file is left, what is wrong is said in a sentence."""
    content = encoder_path.read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(content[: round(len(content) * share)])
    with pytest.raises(ModelError, match=SENTENCE) as caught:
        Encoder(path)
    assert str(path) in str(caught.value)


def test_other_files_are_not_encoders(tmp_path):
    """A file of another kind gives a sentence."""
    path = tmp_path / "text.onnx"
    path.write_text("not a model\n" * 100)
    with pytest.raises(ModelError, match=SENTENCE):
        Encoder(path)


def test_other_version_is_named(encoder_path, tmp_path):
    """A file of another format version names both versions."""
    content = encoder_path.read_bytes()
    path: Path = tmp_path / "next.onnx"
    at = content.index(b"format_version")
    path.write_bytes(content[:at] + content[at:].replace(b"\x12\x011", b"\x12\x019", 1))
    with pytest.raises(ModelError, match=r"version 9.*needs osa-daemon-encoder version 1"):
        Encoder(path)


def test_folder_in_its_place_is_named(tmp_path):
    """A folder where the file should be gives a sentence."""
    with pytest.raises(ModelError, match="cannot be read"):
        Encoder(tmp_path)
