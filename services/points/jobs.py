"""What points does by the clock."""

from collections.abc import Sequence
from datetime import timedelta

from services.points.usecases.expire_holds import expire_due_holds
from services.points.usecases.sweep_waiting import sweep_waiting
from shared.schedule import Job
from shared.settings import ServiceSettings


def jobs(settings: ServiceSettings) -> Sequence[Job]:
    """The jobs of a process with the jobs role."""
    del settings
    return (
        Job("sweep_waiting", timedelta(minutes=1), sweep_waiting),
        Job("expire_holds", timedelta(minutes=1), expire_due_holds),
    )
