"""A simulated night: its samples against its truth."""

import numpy as np
import pytest

from osa_daemon.errors import UsageError
from osa_daemon.training.simulator import Material, NightSpec, SimulatedNight, simulate
from osa_daemon.training.simulator.levels import band_power
from osa_daemon.training.simulator.night import Kind, Severity


def night_of(
    nothing: Material,
    kind: Kind,
    severity: Severity = "none",
    *,
    seed: int = 5,
    duration_s: float = 240,
    snr_db: float | None = None,
    snores: bool | None = None,
) -> SimulatedNight:
    """Simulate a short synthesised night."""
    spec = NightSpec(
        seed,
        "train",
        "synthesised",
        kind,
        duration_s,
        severity=severity,
        snr_db=snr_db,
        snores=snores,
    )
    return simulate(spec, nothing)


def test_same_spec_same_samples(nothing: Material) -> None:
    """A spec and its material determine every sample and every event."""
    first = night_of(nothing, "television", "severe")
    again = night_of(nothing, "television", "severe")
    assert np.array_equal(first.audio, again.audio)
    assert first.events == again.events
    assert first.audible == again.audible


def test_another_seed_is_another_night(nothing: Material) -> None:
    """Seeds draw everything anew."""
    first = night_of(nothing, "events", "severe", seed=1)
    second = night_of(nothing, "events", "severe", seed=2)
    assert not np.allclose(first.audio, second.audio)


def test_audio_is_float32_of_the_length_asked_for(nothing: Material) -> None:
    """Samples are float32 mono at 16 kHz, within full scale; labels are 5 a second."""
    night = night_of(nothing, "quiet", duration_s=33.4)
    assert night.audio.dtype == np.float32
    assert night.audio.shape == (int(33.4 * 16_000),)
    assert np.abs(night.audio).max() <= 1
    assert len(night.labels.breath) == len(night.audio) // 3_200


def test_apneas_fall_to_the_noise(nothing: Material) -> None:
    """Where nothing else sounds, most of an apnea is at least 7 dB below a median breath."""
    pauses = 0
    for seed in range(6):
        night = night_of(
            nothing, "events", "severe", seed=seed, snr_db=18, duration_s=150, snores=False
        )
        if {"television_db", "talk_db", "pets_db", "house_db"} & night.facts.keys():
            continue
        power = band_power(night.audio)
        breath = np.median(power[np.repeat(night.labels.breath, 4) == 1])
        for event in night.events:
            if event.type == "hypopnea":
                continue
            inside = power[int(event.onset_s * 20) + 8 : int(event.end_s * 20)]
            assert breath > 5 * np.median(inside)
            pauses += 1
    assert pauses


def test_events_last_ten_seconds_and_do_not_overlap(nothing: Material) -> None:
    """No event is shorter than the definition allows, and they come one after another."""
    night = night_of(nothing, "events", "severe", duration_s=600)
    assert len(night.events) >= 3
    assert all(e.duration_s >= 10 for e in night.events)
    ends = [e.end_s for e in night.events]
    onsets = [e.onset_s for e in night.events]
    assert all(end <= onset for end, onset in zip(ends, onsets[1:], strict=False))


def test_labels_follow_the_events(nothing: Material) -> None:
    """Apnea, hypopnea and ignore exclude each other; no breath is labelled inside an apnea."""
    night = night_of(nothing, "events", "severe", duration_s=600)
    labels = night.labels
    marked = labels.apnea + labels.hypopnea + labels.ignore
    assert marked.max() == 1
    assert not np.any(labels.breath & labels.apnea)
    for event in night.events:
        middle = int((event.onset_s + event.duration_s / 2) * 5)
        if event.counts and event.type == "hypopnea":
            assert labels.hypopnea[middle] or labels.ignore[middle]
        elif event.counts:
            assert labels.apnea[middle] or labels.ignore[middle]
        else:
            assert labels.ignore[middle]
    assert not np.any((labels.snore | labels.gasp) & ~labels.breath & ~labels.apnea)


@pytest.mark.parametrize("kind", ["snorer", "quiet", "partner", "television", "talk", "pets"])
def test_nights_without_severity_have_no_events(nothing: Material, kind: Kind) -> None:
    """Healthy sleepers have neither events nor frames of them."""
    night = night_of(nothing, kind)
    assert night.events == ()
    assert not np.any(night.labels.apnea | night.labels.hypopnea)


def test_nothing_is_audible_in_an_empty_room(nothing: Material) -> None:
    """Without a sleeper no frame is audible and no breath is labelled; the sound goes on."""
    night = night_of(nothing, "empty")
    assert night.audible == ()
    assert not np.any(night.labels.audible | night.labels.breath)
    assert np.isnan(night.snr_db)
    assert np.abs(night.audio).max() > 0


def test_absence_is_not_audible(nothing: Material) -> None:
    """Who has left the bed is not heard until they return."""
    night = night_of(nothing, "gets_up", duration_s=500, snr_db=18)
    silent = np.flatnonzero(night.labels.audible == 0)
    assert len(silent) >= 0.2 * len(night.labels.audible)
    assert night.labels.breath[silent].mean() < 0.1


def test_buried_breath_is_not_audible(nothing: Material) -> None:
    """Breath far below the noise is never audible, and well above it always."""
    assert night_of(nothing, "quiet", snr_db=-12).labels.audible.mean() < 0.05
    assert night_of(nothing, "quiet", snr_db=20).labels.audible.mean() > 0.9


def test_level_over_noise_is_what_was_asked_for(nothing: Material) -> None:
    """The median breath lies as far over the noise as the spec says."""
    assert night_of(nothing, "quiet", snr_db=11.0).snr_db == pytest.approx(11.0, abs=0.5)


def test_silence_is_never_digital(nothing: Material) -> None:
    """Zeros stand only in gaps: a pause must not be found by them."""
    for seed in range(4):
        night = night_of(nothing, "events", "severe", seed=seed, duration_s=60)
        kept = np.ones(len(night.audio), dtype=bool)
        for start_s, length_s in night.facts["gaps"]:  # type: ignore[attr-defined]
            kept[int(start_s * 16_000) : int((start_s + length_s) * 16_000) + 1] = False
        assert np.mean(night.audio[kept] == 0) < 1e-3


def test_gains_differ_from_night_to_night(nothing: Material) -> None:
    """The input gain spreads over at least 15 dB, so that level alone tells nothing."""
    levels = []
    for seed in range(12):
        audio = night_of(nothing, "quiet", seed=seed, duration_s=12).audio
        levels.append(10 * np.log10(np.median(audio**2)))
    assert np.ptp(levels) > 15


def test_recorded_breaths_need_recordings(nothing: Material) -> None:
    """Asking for recorded breath without any is told in one sentence."""
    with pytest.raises(UsageError, match="data folder"):
        simulate(NightSpec(1, "train", "recorded", "quiet", 60), nothing)


def test_material_of_another_split_is_refused(nothing: Material) -> None:
    """A test night is never made of training material."""
    with pytest.raises(UsageError, match="split"):
        simulate(NightSpec(1, "test", "synthesised", "quiet", 60), nothing)


def test_airflow_needs_traces(nothing: Material) -> None:
    """Asking for airflow without any is told in one sentence."""
    with pytest.raises(UsageError, match="airflow"):
        simulate(NightSpec(1, "train", "airflow", "quiet", 60), nothing)
