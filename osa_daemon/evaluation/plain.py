"""The README's few sentences on what the detector finds: from the figures, in plain words."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

Figures = Mapping[str, Any]

SHARES = {  # how a share is told: the nearest of these
    0.0: "hardly any",
    0.05: "about one in twenty",
    0.1: "about one in ten",
    0.2: "about one in five",
    0.25: "about one in four",
    1 / 3: "about one in three",
    0.4: "about two in five",
    0.5: "about half",
    0.6: "about three in five",
    2 / 3: "about two in three",
    0.75: "about three in four",
    0.8: "about four in five",
    0.9: "about nine in ten",
    0.95: "about 19 in 20",
    1.0: "nearly all",
}
KINDS = {  # of nights without events, after "in" or "beside"
    "empty": "in an empty room",
    "gets_up": "when the sleeper gets up",
    "partner": "beside a partner",
    "pets": "beside pets",
    "quiet": "beside quiet sleepers",
    "snorer": "beside snorers",
    "talk": "beside talk",
    "television": "beside a television",
    "turns_away": "when the sleeper turns away",
}
BREATHS = {  # names of ways to make breathing, as a sentence begins
    "recorded": "Events between recorded breaths",
    "synthesised": "Events between synthesised breaths",
    "airflow": "Events of breath that follows real airflow",
}
CLEARLY_LESS = 0.1  # such a difference of shares is told
FEW = 3.0  # below it, numbers are told to a half
LEAST = 0.65  # below it, one is told to come in so many nights: two and more
CLEARLY_MORE = 1.5  # times the mean of all kinds: such a kind is named
NIGHT_H = 8.0
COLUMNS = 100


def in_plain_words(figures: Figures) -> str:
    """Return the paragraph as Markdown; `figures` as `report.figures_of` returns them.

    What was not measured has no sentence.
    """
    parts = (
        _found(figures),
        _spread(figures),
        _breaths(figures),
        _false(figures),
        _alerts(figures),
        _false_alerts(figures),
    )
    text = " ".join(sentence for part in parts for sentence in part)
    return textwrap.fill(f"In plain words: {text}", COLUMNS) + "\n" if text else ""


def share_in_words(share: float) -> str:
    """Return a share (0-1) as people say it, within 0.05 of it; 0 and 1 alone are none and all."""
    if share in (0.0, 1.0):
        return "all" if share else "none"
    return SHARES[min(SHARES, key=lambda known: abs(known - share))]


def count_in_words(count: float, thing: str) -> str:
    """Return how many of a thing there are in each night: to a half below 3, or one in N nights."""
    if not count:
        return f"no {thing}"
    if count < LEAST:
        return f"about one {thing} in {round(1 / count)} such nights"
    rounded = max(1.0, round(2 * count) / 2) if count < FEW else float(round(count))
    return f"about {rounded:g} {thing}" + ("s" if rounded != 1 else "")


def _found(figures: Figures) -> Iterator[str]:
    row = figures["events"]["quiet"]
    if row.get("recall") is None:
        return
    yield (
        "of the pauses and clear reductions of breathing that sound can find, of sleepers that it "
        f"never met, it finds {share_in_words(row['recall'])}."
    )
    if row.get("precision") is not None:
        yield f"Of the events that it tells of there, {share_in_words(row['precision'])} are true."


def _spread(figures: Figures) -> Iterator[str]:
    row = figures["events"]["quiet"].get("per_night", {}).get("recall") or {}
    least, most = row.get("10 %"), row.get("90 %")
    if least is None or most is None:
        return
    low, high = share_in_words(least), share_in_words(most)
    if low == high:
        yield f"That differs little from night to night: {low} in most of them."
        return
    yield (
        f"It differs from night to night: in one of ten it finds {low}"
        f"{' or fewer' if least else ''}, in another one of ten {high}"
        f"{'' if high in (SHARES[1.0], 'all') else ' or more'}."
    )


def _breaths(figures: Figures) -> Iterator[str]:
    """Name the way to make breathing of which clearly fewer are found than of the best."""
    known = {
        name: row["recall"]
        for name, row in figures["generators"].items()
        if name in BREATHS and row.get("recall") is not None
    }
    if not known:
        return
    worst, best = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    if known[best] - known[worst] > CLEARLY_LESS:
        yield (
            f"{BREATHS[worst]} are found least, {share_in_words(known[worst])}; "
            f"{BREATHS[best][0].lower()}{BREATHS[best][1:]} most, {share_in_words(known[best])}."
        )


def _false(figures: Figures) -> Iterator[str]:
    wanted = figures["eventless"]["wanted"]
    if not wanted["hours"]:
        return
    events = count_in_words(NIGHT_H * wanted["false_per_hour"], "false event")
    alerts = count_in_words(wanted["false_alerts_per_8h"], "false alert")
    worse = [
        KINDS[kind]
        for kind, row in figures["eventless"]["kinds"].items()
        if kind in KINDS and row["false"] > 1
        if row["false_per_hour"] > CLEARLY_MORE * wanted["false_per_hour"]
    ]
    yield f"A night of 8 h without such events gets {events} and {alerts}."
    if worse:
        yield f"False events are most frequent {_listed(worse)}."


def _alerts(figures: Figures) -> Iterator[str]:
    row = figures["alerts"]["quiet"]
    if row["due"]:
        yield (
            f"Of pauses longer than {row['after_s']:g} s, "
            f"{share_in_words(row['alerted'] / row['due'])} are alerted, while they last or a few "
            f"seconds later (those within {row['repeat_s'] / 60:g} minutes of another alert are "
            "not counted)."
        )


def _false_alerts(figures: Figures) -> Iterator[str]:
    row = figures["alerts"]["quiet"]
    if not row["false"]:
        return
    short = row["alerts"].get("other event", 0) > row["false"] / 2
    why = ", most of them on a shorter pause or a reduction of breathing" if short else ""
    alerts = count_in_words(row["false_per_8h"], "false alert")
    yield f"Where the sleeper does have such events, a night of 8 h gets {alerts}{why}."


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
