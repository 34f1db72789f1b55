"""`python -m services.points api consumer relay jobs`."""

import sys

from services.points.api.app import build_app
from services.points.consumer import HANDLERS
from services.points.jobs import jobs
from services.points.queries.invariants import check_invariants
from services.points.settings import PointsSettings
from shared.process import ServiceDefinition, run

SERVICE = ServiceDefinition(
    name="points",
    settings=PointsSettings,
    build_app=build_app,
    handlers=HANDLERS,
    jobs=jobs,
    invariants=check_invariants,
)

if __name__ == "__main__":
    raise SystemExit(run(SERVICE, sys.argv[1:]))
