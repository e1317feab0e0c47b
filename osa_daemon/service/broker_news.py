"""The page is told that Home Assistant cannot be: alerts reach nobody but its viewers then."""

from collections.abc import Callable
from typing import Final, Protocol

from osa_daemon.publish.payloads import Payload, problem_payload
from osa_daemon.service.page import HasProblem

SUFFIX: Final = "problem/broker"  # of the page alone: no topic, for whoever reads topics is away


class HasLink(HasProblem, Protocol):
    """The publisher, as far as it matters here."""

    @property
    def connected(self) -> bool:
        """Whether the link is open, as far as acknowledgements tell."""
        ...


class BrokerNews:
    """Tells the page on each change how the link to the broker is.

    `tell` is given the name and the payload of a state, and must not block. `ntfy` is the second
    way of alerts, where there is one.
    """

    def __init__(
        self,
        publisher: HasLink,
        tell: Callable[[str, Payload], None],
        ntfy: HasProblem | None = None,
    ) -> None:
        self._publisher, self._tell, self._ntfy = publisher, tell, ntfy
        self._told: str | None = None

    def look(self) -> None:
        """Tell what is new; to be called every second or so."""
        text = self._text()
        if text != self._told:
            self._told = text
            self._tell(SUFFIX, problem_payload(text))

    def _text(self) -> str | None:
        problem = self._publisher.problem
        if problem is None:
            return None
        cause = f"{problem[:1].upper()}{problem[1:]}."
        if self._publisher.connected:
            return f"Home Assistant is not told everything. {cause}"
        has_ntfy = self._ntfy is not None and self._ntfy.problem is None
        ways = "ntfy and this page alone" if has_ntfy else "this page alone"
        return f"Home Assistant is told nothing now: an alert reaches {ways}. {cause}"
