"""What is known of one POS, from every sign it gives. No I/O, no clock of its own."""

from dataclasses import replace
from datetime import datetime

from bridge.model import Availability, PosState

PROOF_COUNT = 3
PROOF_SECONDS = 10.0


class Watch:
    """Good signs count at once; bad ones are proof only when they last, or when it says so."""

    def __init__(self) -> None:
        self.availability = Availability(state=PosState.UNKNOWN, reason="not asked yet")
        self.failing_since: datetime | None = None
        self.failures = 0
        self._last_failure: datetime | None = None

    @property
    def takes_tickets(self) -> bool:
        """True while nothing speaks against an attempt."""
        return self.failing_since is None and self.availability.state is not PosState.DOWN

    @property
    def proven_down(self) -> bool:
        """The POS says so, or it failed three times over at least ten seconds."""
        if self.availability.state is PosState.DOWN:
            return True
        if self.failing_since is None or self._last_failure is None:
            return False
        lasted = (self._last_failure - self.failing_since).total_seconds()
        return self.failures >= PROOF_COUNT and lasted >= PROOF_SECONDS

    @property
    def reason(self) -> str:
        return self.availability.reason

    def heard(self, availability: Availability, now: datetime) -> None:
        """The POS answered a probe: up, closed, or down in its own words."""
        self.availability = replace(availability, checked_at=now)
        if availability.state is PosState.DOWN:
            self.failing_since = self.failing_since or now
            return
        self._forget()

    def took_ticket(self, now: datetime) -> None:
        """As good as a probe, except that it says nothing about sold-out items."""
        self._forget()
        self.availability = replace(self.availability, state=PosState.UP, reason="", checked_at=now)

    def failed(self, reason: str, now: datetime) -> None:
        """No answer, or nothing could be sent. What was known stays known until it is proof."""
        self.failures += 1
        self.failing_since = self.failing_since or now
        self._last_failure = now
        if self.availability.state is PosState.UNKNOWN or self.proven_down:
            state = PosState.DOWN if self.proven_down else PosState.UNKNOWN
            self.availability = replace(
                self.availability, state=state, reason=reason, checked_at=now
            )
        else:
            self.availability = replace(self.availability, reason=reason)

    def stopped(self, reason: str, now: datetime) -> None:
        """The adapter cannot work until a person has acted."""
        self.failing_since = self.failing_since or now
        self.availability = replace(
            self.availability, state=PosState.DOWN, reason=reason, checked_at=now
        )

    def trust(self) -> None:
        """Give it another chance: nothing is known, so nothing speaks against an attempt."""
        self._forget()
        self.availability = replace(
            self.availability, state=PosState.UNKNOWN, reason="not asked yet", checked_at=None
        )

    def _forget(self) -> None:
        self.failing_since = None
        self.failures = 0
        self._last_failure = None
