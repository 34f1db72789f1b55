"""`python -m services.notifications api consumer relay jobs`, `… migrate`, `… replay`."""

import sys

from services.notifications.api.app import build_app
from services.notifications.consumer import HANDLERS
from services.notifications.jobs import jobs
from services.notifications.queries.invariants import check_invariants
from services.notifications.settings import NotificationsSettings
from shared.process import ServiceDefinition, run

SERVICE = ServiceDefinition(
    name="notifications",
    settings=NotificationsSettings,
    build_app=build_app,
    handlers=HANDLERS,
    jobs=jobs,
    invariants=check_invariants,
)

if __name__ == "__main__":
    raise SystemExit(run(SERVICE, sys.argv[1:]))
