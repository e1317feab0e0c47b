"""Nights of EDF files: PSG-Audio (numbered pieces, Philips RML) and EDF+ with annotations.

PSG-Audio's files of about an hour are named `00000995-100507[001].edf` and so on; the pieces of
one name are one night, and `00000995-100507.rml`, wherever it lies in the folder, scores it. The
first eight digits are the patient, the others the day.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.edf import AMBIENT, EdfPiece, open_piece, read_annotations
from osa_daemon.evaluation.corpora.edf_source import EdfSource, PlacedPiece
from osa_daemon.evaluation.corpora.event_table import origin_of, read_events
from osa_daemon.evaluation.corpora.facts import read_facts
from osa_daemon.evaluation.corpora.kinds import kind_of, names_apnea
from osa_daemon.evaluation.corpora.rml import read_rml
from osa_daemon.evaluation.reference import ReferenceNight
from osa_daemon.scoring.matching import Span

PIECE = re.compile(r"(?P<name>.+)\[(?P<number>\d+)\]")
PSG_AUDIO = re.compile(r"(?P<patient>\d{8})-\d{6}")
DAY_S = 86_400.0
CLOCK_STEP_S = 1.0  # headers tell the start in whole seconds


def nights_of(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return the EDF files by the path that names their night, pieces in order of number."""
    nights: dict[Path, list[tuple[int, Path]]] = {}
    for path in paths:
        match = PIECE.fullmatch(path.stem)
        name = path if match is None else path.with_name(match["name"] + path.suffix)
        number = 1 if match is None else int(match["number"])
        nights.setdefault(name, []).append((number, path))
    return {name: _in_order(name, pieces) for name, pieces in nights.items()}


def read_edf_night(
    name: Path, paths: Sequence[Path], rml: Path | None, channel: str = AMBIENT
) -> ReferenceNight:
    """Read a night from its pieces and its scoring.

    The scoring is `rml`, else NAME.csv beside the file, else the file's own annotations.

    Raises:
        InputError: a file cannot be read, the pieces do not fit together, or nothing scores them.
        ResourceError: edfio is not installed.
    """
    placed = place([open_piece(path, channel) for path in paths])
    first = placed[0].piece
    events, scoring = _events(name, placed, rml)
    match = PSG_AUDIO.fullmatch(name.stem)
    person = match["patient"] if match is not None else first.person or name.stem
    known = {"person": person, "format": scoring, "channel": first.channel}
    facts = known | read_facts(name.with_suffix(".json"))
    heard = tuple(_with_sound(event, placed) for event in events)
    return ReferenceNight(first.path, heard, None, facts, partial(EdfSource, placed))


def place(pieces: Sequence[EdfPiece]) -> tuple[PlacedPiece, ...]:
    """Return where each piece lies in the night, by the times at which they began.

    Where all tell the same time of day, it was taken out, and they follow one another.

    Raises:
        InputError: pieces overlap, or have different rates.
    """
    first = pieces[0]
    has_times = len({piece.clock_s for piece in pieces}) > 1
    placed = [PlacedPiece(0.0, first)]
    for piece in pieces[1:]:
        if piece.rate_hz != first.rate_hz:
            raise InputError(
                f"{piece.path} has {piece.channel} at {piece.rate_hz:g} Hz, {first.path.name} at "
                f"{first.rate_hz:g} Hz: the pieces of a night must agree."
            )
        end_s = placed[-1].end_s
        start_s = (piece.clock_s - first.clock_s) % DAY_S if has_times else end_s
        if start_s < end_s - CLOCK_STEP_S:
            raise InputError(
                f"{piece.path} begins {end_s - start_s:.0f} s before the end of "
                f"{placed[-1].piece.path.name}: pieces of a night must not overlap."
            )
        is_next = start_s <= end_s + CLOCK_STEP_S
        placed.append(PlacedPiece(end_s if is_next else start_s, piece))
    return tuple(placed)


def _in_order(name: Path, pieces: list[tuple[int, Path]]) -> list[Path]:
    pieces.sort()
    number, path = pieces[0]
    if number > 1:
        raise InputError(
            f"{path} is the first piece of {name.stem} that is there: the scoring counts from "
            "piece [001], which is missing."
        )
    return [path for _, path in pieces]


def _events(
    name: Path, placed: tuple[PlacedPiece, ...], rml: Path | None
) -> tuple[tuple[Span, ...], str]:
    tables = (Path(f"{name.with_suffix('')}.events.csv"), name.with_suffix(".csv"))
    table = next((path for path in tables if path.exists()), None)
    if rml is not None:
        is_psg_audio = PSG_AUDIO.fullmatch(name.stem) is not None
        return read_rml(rml), "PSG-Audio" if is_psg_audio else "EDF and RML"
    if table is not None:
        facts_path = name.with_suffix(".json")
        origin = origin_of(read_facts(facts_path), facts_path)
        return read_events(table, origin, placed[-1].end_s), "EDF and CSV"
    return _annotated(name, placed), "EDF+"


def _annotated(name: Path, placed: tuple[PlacedPiece, ...]) -> tuple[Span, ...]:
    has_any, events = False, []
    for at in placed:
        for onset_s, duration_s, text in read_annotations(at.piece.path):
            has_any = True
            event = _annotation(at.piece.path, onset_s, duration_s, text)
            events += [replace(event, onset_s=event.onset_s + at.start_s)] if event else []
    if not has_any:
        raise InputError(
            f"{placed[0].piece.path} is not scored: expected {name.stem}.rml, {name.stem}.csv or "
            "EDF+ annotations in it."
        )
    return tuple(sorted(events, key=lambda event: event.onset_s))


def _annotation(path: Path, onset_s: float, duration_s: float | None, text: str) -> Span | None:
    kind = kind_of(text)
    place = f'{path} has the annotation "{text}" at {onset_s:g} s'
    if kind is None:
        # without a duration it is somebody's remark
        if names_apnea(text) and duration_s:
            raise InputError(
                f"{place}, which is no known event: expected an obstructive, central or mixed "
                "apnea, or a hypopnea."
            )
        return None
    if duration_s is None or onset_s < 0 or duration_s < 0:
        raise InputError(f"{place} with the duration {duration_s}: both must be seconds from 0 on.")
    return Span(onset_s, duration_s, kind)


def _with_sound(event: Span, placed: tuple[PlacedPiece, ...]) -> Span:
    """Let an event not count where there is no sound of it."""
    middle_s = event.onset_s + event.duration_s / 2
    is_recorded = any(at.start_s <= middle_s < at.end_s for at in placed)
    return event if is_recorded else replace(event, counts=False)
