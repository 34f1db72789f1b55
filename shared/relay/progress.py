"""Whether the relay gets on: what the liveness probe asks."""

from shared.clock import monotonic_seconds


class RelayProgress:
    """Whether rows wait, and when some were last told.

    State by nature, like the consumer's. A relay that waits for its turn has nothing to tell. An
    event that is too large for Kafka is no reason to start anew: that would not make it smaller.
    """

    def __init__(self, stuck_seconds_max: float) -> None:
        self._stuck_seconds_max = stuck_seconds_max
        self._something_waits = False
        self._got_on_at = monotonic_seconds()

    def is_stuck(self) -> bool:
        """Rows wait, and none was told for longer than the setting allows."""
        quiet = monotonic_seconds() - self._got_on_at
        return self._something_waits and quiet > self._stuck_seconds_max

    def sees(self, rows_waiting: int) -> None:
        """So many rows wait; it counts from when some do."""
        if not self._something_waits or rows_waiting == 0:
            self._got_on_at = monotonic_seconds()
        self._something_waits = rows_waiting > 0

    def gets_on(self) -> None:
        """Kafka has answered: with what it took, or that it never will take one event."""
        self._got_on_at = monotonic_seconds()
