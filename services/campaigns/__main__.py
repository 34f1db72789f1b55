"""`python -m services.campaigns api consumer relay jobs | migrate | announce | replay`."""

import sys

from services.campaigns.api.app import build_app
from services.campaigns.consumer import HANDLERS
from services.campaigns.jobs import jobs
from services.campaigns.queries.invariants import check_invariants
from services.campaigns.settings import CampaignsSettings
from services.campaigns.usecases.rules.announce_campaigns import announce_campaigns
from shared.process import ServiceDefinition, run

SERVICE = ServiceDefinition(
    name="campaigns",
    settings=CampaignsSettings,
    build_app=build_app,
    handlers=HANDLERS,
    jobs=jobs,
    invariants=check_invariants,
    announce=announce_campaigns,
)

if __name__ == "__main__":
    raise SystemExit(run(SERVICE, sys.argv[1:]))
