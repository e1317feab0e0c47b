"""How good the detector is, in a sentence for a report: from the model card's own figures."""

from collections.abc import Mapping
from typing import Any, Final

SOURCE: Final = "osa_daemon/models/figures.json"
UNKNOWN: Final = (
    "How good this detector is was not measured: the figures of the model card are of another one."
)


def measured(figures: Mapping[str, Any] | None, detector_sha256: str) -> str:
    """Return what was measured of the detector with that digest, and where; never a guess.

    `figures` is what the file beside the model holds, None where there is none.
    """
    if figures is None or figures.get("detector_sha256") != detector_sha256:
        return UNKNOWN
    try:
        test = figures["test"]
        events, calm = test["events"]["quiet"], test["eventless"]["wanted"]
        index = test["index"]["quiet"]["with events"]
        low, high = events["recall_95"]
        return (
            "Measured on simulated nights of sleepers that the detector had not learned from, at "
            f"the sensitivity 'balanced': in {events['hours']:.0f} h in quiet to moderately noisy "
            f"rooms it found {_percent(events['recall'])} of the events that sound can find (95 %: "
            f"{100 * low:.0f} to {_percent(high)}); {_percent(events['precision'])} of those it "
            f"told of were true; a night's events per hour were off by "
            f"{index['mean_abs_error']:.1f} on average, where {index['mean_true']:.0f} were true; "
            f"{calm['hours']:.0f} h without events had {calm['false_per_hour']:.1f} false ones per "
            f"hour. It was not tested on real nights that a sleep laboratory scored. Source: "
            f"{SOURCE}."
        )
    except (KeyError, TypeError, ValueError):
        return UNKNOWN


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
