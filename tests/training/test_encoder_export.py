"""The exported encoder computes what openai-whisper computes, under the same mask."""

import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from osa_daemon.errors import ModelError, StorageError, UsageError
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.runtime import open_model

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch")
whisper = pytest.importorskip("whisper")
onnx = pytest.importorskip("onnx")

from whisper.model import ModelDimensions, Whisper, disable_sdpa

from osa_daemon.training.encoder_checkpoint import read_checkpoint
from osa_daemon.training.encoder_export import EncoderSpec, export_encoder

REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE = REPOSITORY / "tests" / "features" / "data" / "reference.npz"
FLOAT32 = EncoderSpec(int8=False, pool=1)


def small_whisper(mel_bins):
    """Return a random Whisper of three small layers."""
    torch.manual_seed(mel_bins)
    dims = ModelDimensions(
        n_mels=mel_bins, n_audio_ctx=300, n_audio_state=64, n_audio_head=4, n_audio_layer=3,
        n_vocab=16, n_text_ctx=8, n_text_state=64, n_text_head=4, n_text_layer=1,
    )  # fmt: skip
    model = Whisper(dims).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def save(model, folder):
    """Save a model as openai-whisper does, and return the file."""
    path = folder / f"small{model.dims.n_mels}.pt"
    torch.save({"dims": asdict(model.dims), "model_state_dict": model.state_dict()}, path)
    return path


@pytest.fixture(scope="module", params=[80, 128])
def small(request, tmp_path_factory):
    """A random Whisper, and the checkpoint file it was saved in."""
    model = small_whisper(request.param)
    return model, save(model, tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The checkpoint of tiny.en's encoder in the development data."""
    shared = Path(os.environ.get("OSA_SHARED", REPOSITORY.parent / "shared"))
    path = shared / "models" / "whisper-tiny.en.encoder.pt"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return path


def noise(duration_s, level_dbfs=-20.0):
    """Return white noise, all of whose log-mel lies above both floors."""
    random = np.random.default_rng(11)
    samples = random.standard_normal(round(duration_s * 16_000)) * 10 ** (level_dbfs / 20)
    return samples.astype(np.float32)


def whole_clip(audio):
    """Return the clip with the reflected ends that Whisper gives it, as the graph wants it."""
    return np.pad(audio, 200, mode="reflect")[: len(audio) + 240]


def whisper_features(model, mel, spec):
    """Return openai-whisper's own layers on log-mel (bins, frames), one row, banded."""
    encoder = model.encoder
    gelu = torch.nn.functional.gelu
    with torch.no_grad(), disable_sdpa():
        x = gelu(encoder.conv2(gelu(encoder.conv1(mel[None])))).permute(0, 2, 1)
        x = x + encoder.positional_embedding[spec.position_row]
        index = torch.arange(x.shape[1])
        apart = (index[:, None] - index[None, :]).abs() > spec.band
        mask = torch.zeros(apart.shape).masked_fill(apart, -torch.inf)
        for block in encoder.blocks[: spec.depth]:
            x = block(x, mask=mask)
    return x[0].numpy()


def exported(checkpoint, spec, tmp_path):
    """Export, and return a function from samples to the graph's output."""
    path = tmp_path / f"encoder-{spec.depth}-{spec.int8}-{spec.pool}.onnx"
    export_encoder(str(checkpoint), path, spec)
    session = open_model(path, "osa-daemon-encoder", "1").session
    return lambda samples: session.run(None, {"audio": samples[None]})[0][0]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_float32_agrees_with_whisper(small, depth, tmp_path):
    """A small random Whisper of 80 or 128 bins: 1e-4 at every depth, from sound to features."""
    model, checkpoint = small
    spec = replace(FLOAT32, depth=depth)
    audio = noise(3)
    mel = whisper.log_mel_spectrogram(audio, n_mels=model.dims.n_mels)
    assert mel.min() > (-8 + 4) / 4
    found = exported(checkpoint, spec, tmp_path)(whole_clip(audio))
    assert np.abs(found - whisper_features(model, mel, spec)).max() <= 1e-4


@pytest.mark.parametrize(("position_row", "band"), [(0, 3), (299, 60)])
def test_row_and_band_are_options(small, position_row, band, tmp_path):
    """Another positional row and band agree as well."""
    model, checkpoint = small
    spec = replace(FLOAT32, position_row=position_row, band=band)
    audio = noise(2)
    mel = whisper.log_mel_spectrogram(audio, n_mels=model.dims.n_mels)
    found = exported(checkpoint, spec, tmp_path)(whole_clip(audio))
    assert np.abs(found - whisper_features(model, mel, spec)).max() <= 1e-4


def test_encoder_only_checkpoint_is_enough(small, tmp_path):
    """A file with the encoder's weights alone gives the same graph."""
    model, checkpoint = small
    weights = {k: v for k, v in model.state_dict().items() if k.startswith("encoder.")}
    path = tmp_path / "encoder-only.pt"
    torch.save({"dims": asdict(model.dims), "model_state_dict": weights}, path)
    audio = whole_clip(noise(1))
    found = exported(path, FLOAT32, tmp_path)(audio)
    assert np.array_equal(found, exported(checkpoint, FLOAT32, tmp_path)(audio))


def test_pooling_averages_ten_frames(small, tmp_path):
    """5 Hz features are means of ten frames."""
    _, checkpoint = small
    audio = whole_clip(noise(2))
    fine = exported(checkpoint, FLOAT32, tmp_path)(audio)
    pooled = exported(checkpoint, replace(FLOAT32, pool=10), tmp_path)(audio)
    assert np.allclose(pooled, fine.reshape(10, 10, -1).mean(axis=1), atol=1e-5)


@pytest.mark.shared
@pytest.mark.parametrize("depth", [1, 2])
def test_float32_agrees_with_the_reference(tiny, depth, tmp_path):
    """tiny.en: 1e-4 on the float32 reference, 2e-3 where the reference is float16."""
    with np.load(REFERENCE) as reference:
        audio = reference["audio"].astype(np.float32) / 32_768
        frames, expected = reference["frames"], reference[f"block{depth}"]
        half = reference["block2_half"].astype(np.float32)
    found = exported(tiny, replace(FLOAT32, depth=depth), tmp_path)(whole_clip(audio))
    assert np.abs(found[frames] - expected).max() <= 1e-4
    if depth == 2:
        assert np.abs(found - half).max() <= 2e-3


@pytest.mark.shared
def test_very_quiet_noise_agrees(tiny, tmp_path):
    """tiny.en on noise at -75 dBFS: 5e-4, in spite of rounding near the floor."""
    content = torch.load(tiny, weights_only=True)
    checkpoint = read_checkpoint(str(tiny))
    dims = ModelDimensions(**{**content["dims"], "n_vocab": 8, "n_text_layer": 1})
    model = Whisper(dims).eval()
    weights = {f"encoder.{k}": torch.tensor(v) for k, v in checkpoint.weights.items()}
    model.load_state_dict(weights, strict=False)
    audio = noise(4, level_dbfs=-75)
    mel = whisper.log_mel_spectrogram(audio).clamp(min=(-8 + 4) / 4)
    found = exported(tiny, FLOAT32, tmp_path)(whole_clip(audio))
    assert np.abs(found - whisper_features(model, mel, FLOAT32)).max() <= 5e-4


@pytest.mark.shared
@pytest.mark.parametrize("level_dbfs", [-60, -75])
def test_int8_agrees_with_float32(tiny, level_dbfs, tmp_path):
    """int8 is within 5 % of float32 at the second block, on quiet noise too."""
    audio = whole_clip(noise(10, level_dbfs))
    exact = exported(tiny, FLOAT32, tmp_path)(audio)
    found = exported(tiny, replace(FLOAT32, int8=True), tmp_path)(audio)
    assert np.linalg.norm(found - exact) <= 0.05 * np.linalg.norm(exact)


@pytest.mark.shared
def test_cutting_does_not_move_features(tiny, tmp_path):
    """float32: a chunk of 4 s without its margins equals the whole stream to 1e-4."""
    with np.load(REFERENCE) as reference:
        audio = reference["audio"].astype(np.float32) / 32_768
    run = exported(tiny, EncoderSpec(int8=False), tmp_path)
    whole = run(whole_clip(audio))
    for start_s in (1, 2, 3, 5):
        start = start_s * 16_000
        chunk = run(audio[start - 200 : start + 4 * 16_000 + 40])
        kept = whole[start_s * 5 + 5 : start_s * 5 + 15]
        assert np.abs(chunk[5:15] - kept).max() <= 1e-4


@pytest.mark.shared
def test_the_shipped_file_is_this_export(tiny, tmp_path):
    """Exporting tiny.en with the defaults gives the file in the package, byte for byte."""
    out = tmp_path / "encoder.onnx"
    export_encoder(str(tiny), out, EncoderSpec())
    shipped = REPOSITORY / "osa_daemon" / "models" / "encoder.onnx"
    assert out.read_bytes() == shipped.read_bytes()


def test_only_products_with_weights_are_int8(small, tmp_path):
    """DFT, mel and convolutions keep float32 weights; four products a block are int8."""
    _, checkpoint = small
    model = export_encoder(str(checkpoint), tmp_path / "int8.onnx", EncoderSpec())
    constants = {constant.name: constant for constant in model.graph.initializer}
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Conv") == 4
    assert kinds.count("MatMulInteger") == 4 * 2
    assert kinds.count("MatMul") == 2 * 2  # scores and their application
    first = kinds.index("DynamicQuantizeLinear")
    assert "Conv" not in kinds[first:]
    for node in model.graph.node:
        if node.op_type == "Conv":
            assert constants[node.input[1]].data_type == onnx.TensorProto.FLOAT
        if node.op_type == "MatMulInteger":
            weight = constants[node.input[1]]
            assert weight.data_type == onnx.TensorProto.INT8
            assert constants[node.input[3]].dims == [weight.dims[1]]  # per channel


def test_the_file_names_its_source(small, tmp_path):
    """Metadata tells the checkpoint and every choice, and no folder."""
    _, checkpoint = small
    out = tmp_path / "encoder.onnx"
    export_encoder(str(checkpoint), out, EncoderSpec(depth=1, band=7))
    facts = Encoder(out).metadata
    assert facts["source_model"] == checkpoint.name
    assert facts["checkpoint_sha256"] == read_checkpoint(str(checkpoint)).sha256
    assert (facts["depth"], facts["band_frames"], facts["floor_log10_mel"]) == ("1", "7", "-8")
    assert str(tmp_path).encode() not in out.read_bytes()


def test_unknown_name_lists_what_is_known():
    """A name that is neither model nor file is answered with the names there are."""
    with pytest.raises(ModelError, match=r"no Whisper model named 'huge'.*tiny.en, tiny"):
        read_checkpoint("huge")


@pytest.mark.parametrize(
    "content", [b"", b"text", {"a": 1}, [1], {"dims": {}, "model_state_dict": {}}]
)
def test_other_files_are_refused(content, tmp_path):
    """A file that is no Whisper checkpoint is named, with what it should be."""
    path = tmp_path / "model.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ModelError, match=r"model.pt is not a Whisper checkpoint: .*\.$"):
        read_checkpoint(str(path))


def test_missing_weights_are_named(small, tmp_path):
    """A checkpoint without one of its weights says which."""
    model, _ = small
    weights = dict(model.state_dict())
    del weights["encoder.conv2.weight"]
    path = tmp_path / "part.pt"
    torch.save({"dims": asdict(model.dims), "model_state_dict": weights}, path)
    with pytest.raises(ModelError, match=r"encoder\.conv2\.weight is missing"):
        read_checkpoint(str(path))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"depth": 0}, "depth 0 is out of range: .* allows 1 to 3"),
        ({"depth": 4}, "depth 4 is out of range: .* allows 1 to 3"),
        ({"position_row": 300}, "position row 300 is out of range: .* allows 0 to 299"),
        ({"band": 0}, "band 0 is out of range"),
    ],
)
def test_choices_out_of_range_are_named(small, change, sentence, tmp_path):
    """Each choice that the model does not allow gives its range."""
    _, checkpoint = small
    with pytest.raises(UsageError, match=sentence):
        export_encoder(str(checkpoint), tmp_path / "x.onnx", replace(EncoderSpec(), **change))


def test_unwritable_output_is_named(small, tmp_path):
    """A folder that does not exist is named, and nothing half-written is left."""
    _, checkpoint = small
    with pytest.raises(StorageError, match=r"cannot be written to .*none/x\.onnx"):
        export_encoder(str(checkpoint), tmp_path / "none" / "x.onnx", EncoderSpec())


def test_script_exports_and_explains(tmp_path):
    """The script writes a file, says what it is, and turns mistakes into one sentence."""
    checkpoint = save(small_whisper(80), tmp_path)
    script = [sys.executable, str(REPOSITORY / "scripts" / "export_encoder.py")]
    out = tmp_path / "encoder.onnx"
    good = subprocess.run(
        [*script, str(checkpoint), "--fp32", "--out", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert good.returncode == 0
    assert "float32, depth 2" in good.stdout
    assert Encoder(out).width == 64
    bad = subprocess.run(
        [*script, str(checkpoint), "--depth", "9", "--out", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert bad.returncode == 2
    assert bad.stderr.count("\n") == 1
    assert "depth 9" in bad.stderr
