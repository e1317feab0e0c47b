"""Alerts: delay, share, what is false."""

from osa_daemon.evaluation.cells import Column, grid, table
from osa_daemon.evaluation.tables.rows import Figures


def alerts_section(figures: Figures) -> list[str]:
    """Return how late alerts come, and which are false."""
    parts = {"all rooms": figures["alerts"]["all"], "quiet to moderate": figures["alerts"]["quiet"]}
    parts = {name: part for name, part in parts.items() if part["nights"]}
    if not parts:
        return []
    after_s = next(iter(parts.values()))["after_s"]
    columns = (
        Column("due", "due"),
        Column("held_back", "held back"),
        Column("alerted", "alerted"),
        Column("share_alerted", "share"),
        Column("share_within_8_s", "share within 8 s"),
        Column("median_s", "delay, median (s)", 1),
        Column("percentile_95_s", "95 % (s)", 1),
        Column("false", "false alerts"),
        Column("false_per_8h", "per 8 h", 2),
    )
    kinds = [
        [name, kind, str(count)] for name, p in parts.items() for kind, count in p["alerts"].items()
    ]
    clear = "; ".join(
        f"{name}: {part['clear_alerted']} of {part['clear']}" for name, part in parts.items()
    )
    return [
        f"True apneas that last longer than {after_s:g} s, on nights with events; the delay runs "
        f"from {after_s:g} s after the true onset, and is endless (a dash) where no alert came. "
        "More than 2 s early is false. Repeats that the policy holds back are left out.",
        table("nights", parts, columns),
        f"Of those that last at least 2 s longer, alerted: {clear}.",
        "An alert is *right* on an apnea that passes the threshold (also one whose own alert was "
        "to be held back), *again* on the same one; *uncounted* on a scored event that sound "
        "cannot find. False are *early* ones, those on an *other event* (a hypopnea, or an apnea "
        "that stays below the threshold) and those on *no event*.",
        grid(["nights", "what the alert was", "count"], kinds),
    ]
