"""A daily span of local time, written 22:00-09:00."""

import re
from dataclasses import dataclass
from datetime import time
from typing import Self

_TIME = "([01]?[0-9]|2[0-3]):([0-5][0-9])"
SPAN = f"{_TIME} ?- ?{_TIME}"


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` (included) to `end` (excluded) each day, local time; may pass midnight."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a span such as `22:00-09:00`; raise ValueError if it is none or is empty."""
        found = re.fullmatch(SPAN, text)
        if found is None:
            raise ValueError("")
        hours = [int(number) for number in found.groups()]
        span = cls(time(hours[0], hours[1]), time(hours[2], hours[3]))
        if span.start == span.end:
            raise ValueError("start and end are the same; null means all day")
        return span

    def __contains__(self, moment: time) -> bool:
        """Whether `moment` (local time of day) lies in the span."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end
