"""One error class for each thing the lane can do next.

    AdapterError
      PosUnreachable          nothing was sent: the lane retries, the POS counts as down
      PosBusy(retry_after)    the POS asked to wait: retried, not before that
      OutcomeUnknown          maybe sent: what follows is decided by the spec's `repeat`
      TicketRejected          the POS read it and refused: ends `refused`, never retried
      OperatorNeeded(reason)  paper out, session closed: retried when the probe is good again
      AdapterMisconfigured    credentials or mapping: the restaurant is paused

Anything else that an adapter raises is a bug of the adapter and counts as OutcomeUnknown.
Texts are shown to operators: say what was found and what to do, no secret, nothing a guest wrote.
"""


class AdapterError(Exception):
    """Base of all errors that an adapter may raise."""


class PosUnreachable(AdapterError):
    """Nothing was sent: no connection, no name, no session."""


class PosBusy(AdapterError):
    """The POS asked to wait; `retry_after` in seconds."""

    def __init__(self, reason: str = "the POS asked to wait", *, retry_after: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class OutcomeUnknown(AdapterError):
    """Something may have been sent and no usable answer came back."""


class TicketRejected(AdapterError):
    """The POS read the ticket and said no; `field` names what it did not like."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


class OperatorNeeded(AdapterError):
    """Nothing was sent, and someone on site must act first."""


class AdapterMisconfigured(AdapterError):
    """Nothing was sent, and the settings or the POS's configuration must be corrected."""
