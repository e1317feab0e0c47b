"""The section `alerts`: what is told at once, when, and how often."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

from osa_daemon.settings.about import About
from osa_daemon.settings.hours import Hours
from osa_daemon.settings.section import CONFIG, HOURS, conflict, span
from osa_daemon.settings.text import HoursText

MOST_CLUSTER_EVENTS: Final = 100
MOST_CLUSTER_MINUTES: Final = 240


class Alerts(BaseModel):
    """What is told at once: of a pause (log at 10 s, notice, alert, urgent), and of what else."""

    model_config = CONFIG

    enabled: Annotated[bool, About("Whether alerts are sent at all.", live=True)] = True
    notice_s: Annotated[
        int,
        Field(ge=10, le=109),
        About("Length of a pause at which a notice (no sound) is published.", "s", live=True),
    ] = 20
    after_s: Annotated[
        int,
        Field(ge=10, le=110),
        About("Length of a pause at which an alert is raised.", "s", live=True),
    ] = 30
    urgent_s: Annotated[
        int,
        Field(ge=12, le=119),
        About(
            "Length of a pause at which the alert becomes urgent: it passes every limit but "
            "`active_hours`.",
            "s",
            live=True,
        ),
    ] = 60
    repeat_minutes: Annotated[
        int,
        Field(ge=1, le=240),
        About(
            "After an alert, no other of its kind that is not urgent for this long.",
            "min",
            live=True,
        ),
    ] = 10
    max_per_night: Annotated[
        int | None,
        Field(ge=1, le=100),
        About(
            "Most alerts of each kind in a night, from noon to noon; urgent ones still come, and "
            "technical ones are not counted. The last one says so. Null sets no limit.",
            live=True,
        ),
    ] = 10
    active_hours: Annotated[
        HoursText | None,
        About(
            "Local time in which alerts are raised at all; null raises them at any time.",
            live=True,
            allowed=HOURS,
        ),
    ] = None
    quiet_hours: Annotated[
        HoursText | None,
        About(
            "Local time in which only urgent and technical alerts are raised; null for none.",
            live=True,
            allowed=HOURS,
        ),
    ] = None
    cluster_events: Annotated[
        int | None,
        Field(ge=2, le=MOST_CLUSTER_EVENTS),
        About(
            "An alert is raised after this many decided events within `cluster_minutes`; null for "
            "none.",
            live=True,
        ),
    ] = None
    cluster_minutes: Annotated[
        int,
        Field(ge=5, le=MOST_CLUSTER_MINUTES),
        About("In how long a time `cluster_events` are counted.", "min", live=True),
    ] = 30
    index_above: Annotated[
        float | None,
        Field(ge=1, le=120),
        About(
            "An alert is raised, once in a night, when the estimated events per hour tonight are "
            "above this; they are known after 2 h in which breathing could be heard. Null for "
            "none.",
            live=True,
        ),
    ] = None
    technical_after_s: Annotated[
        int | None,
        Field(ge=10, le=3600),
        About(
            "A technical alert is raised when the microphone has failed, or events could not be "
            "stored, for this long while somebody is expected to sleep: in `monitoring.hours`, "
            "while *In bed* is on, or else from 21:00 to 09:00. Null for none.",
            "s",
            live=True,
        ),
    ] = 120
    inaudible_minutes: Annotated[
        int | None,
        Field(ge=5, le=240),
        About(
            "A technical alert is raised when breathing could not be heard for this long, at the "
            "same times. An empty bed does that, too: set it together with *In bed*. Null for "
            "none.",
            "min",
            live=True,
        ),
    ] = None
    escalate_minutes: Annotated[
        int | None,
        Field(ge=1, le=60),
        About(
            "An alert that nobody has taken note of becomes urgent after this long; null leaves it "
            "as it is.",
            "min",
            live=True,
        ),
    ] = None
    latching: Annotated[
        bool,
        About(
            "Whether an alert stays after its cause is over, until somebody takes note of it, the "
            "daemon ends, or another alert takes its place.",
            live=True,
        ),
    ] = False

    def active_span(self) -> Hours | None:
        """Return when alerts are raised, None for always."""
        return span(self.active_hours)

    def quiet_span(self) -> Hours | None:
        """Return when only what is urgent is raised, None for never."""
        return span(self.quiet_hours)

    @model_validator(mode="after")
    def _ladder_rises(self) -> Self:
        if self.after_s <= self.notice_s:
            raise conflict(
                "after_s",
                f"alerts.after_s is {self.after_s}, but must be more than alerts.notice_s, "
                f"which is {self.notice_s}: raise the one or lower the other",
            )
        if self.urgent_s <= self.after_s:
            raise conflict(
                "urgent_s",
                f"alerts.urgent_s is {self.urgent_s}, but must be more than alerts.after_s, "
                f"which is {self.after_s}: raise the one or lower the other",
            )
        return self
