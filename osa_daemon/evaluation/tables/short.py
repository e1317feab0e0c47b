"""What an evaluation says, in a few sentences for whoever reads no tables."""

from osa_daemon.evaluation.tables.rows import Figures


def short_section(figures: Figures) -> list[str]:
    """Return a list: what is found, what is false, alerts, the index, hearing; as far as known."""
    where = "quiet" if figures["events"]["quiet"]["nights"] else "all"
    rooms = "quiet to moderately noisy" if where == "quiet" else "all"
    sentences = [
        *_found(figures["events"][where], rooms, knows_audible=figures["set"]["audible_known"] > 0),
        *_false(figures["eventless"]),
        *_alerts(figures["alerts"][where], rooms),
        *_index(figures["index"][where]["with events"], rooms),
        *_hearing(figures["hearing"]),
    ]
    return ["\n".join(f"- {sentence}" for sentence in sentences)] if sentences else []


def _found(row: Figures, rooms: str, *, knows_audible: bool) -> list[str]:
    parts = [
        f"{row[f'{kind}_found']} of {row[kind]} {kind}"
        for kind in ("apneas", "hypopneas")
        if row[kind]
    ]
    if not parts:
        return []
    which = "that sound can find" if knows_audible else "that were scored"
    decided = row["found"] + row["false"]
    return [
        f"**Found**: {' and '.join(parts)} {which} ({rooms} rooms, "
        f"{row['hours']:.1f} h). Of the {decided} events it told of there, {row['false']} were "
        "none."
    ]


def _false(part: Figures) -> list[str]:
    row = part["wanted"] if part["wanted"]["nights"] else part["all"]
    if not row["hours"]:
        return []
    return [
        f"**Nights without events** ({row['hours']:.1f} h): {row['false_per_hour']:.2f} false "
        f"events per hour (at most {row['false_per_hour_upper_95']:.2f}, with 95 % confidence), "
        f"{row['false_alerts_per_8h']:.2f} false alerts in 8 h."
    ]


def _alerts(row: Figures, rooms: str) -> list[str]:
    if not row["due"]:
        return []
    late = row["of_alerted"]["median_s"]
    median = "" if late is None else f", half of these {row['alerted']} within {late:.1f} s"
    return [
        f"**Alerts**: {row['alerted']} of {row['due']} apneas that last longer than "
        f"{row['after_s']:g} s were alerted{median} ({rooms} rooms; {row['held_back']} more came "
        f"within {row['repeat_s'] / 60:g} minutes of another alert, and are not counted). On these "
        f"nights, {row['false_per_8h']:.2f} false alerts in 8 h."
    ]


def _index(row: Figures, rooms: str) -> list[str]:
    if row["mean_abs_error"] is None:
        return []
    return [
        f"**Events per hour**: a night's number is off by {row['mean_abs_error']:.1f} on average, "
        f"where it truly is {row['mean_true']:.1f} on average ({rooms} rooms)."
    ]


def _hearing(row: Figures | None) -> list[str]:
    shares = {
        "in which breathing could truly be heard": "audible_monitorable",
        "in which it could not": "inaudible_monitorable",
    }
    known = {
        when: row[key] for when, key in shares.items() if row is not None and row[key] is not None
    }
    if not known:
        return []
    parts = (f"{share:.0%} of the time {when}" for when, share in known.items())
    return [f"**Listening**: it took itself to be able to hear in {', and in '.join(parts)}."]
