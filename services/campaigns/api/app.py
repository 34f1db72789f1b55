"""The HTTP app of campaigns."""

from collections.abc import Sequence

from fastapi import FastAPI

from services.campaigns.api.desk import claims
from services.campaigns.api.rewards import grants
from services.campaigns.api.rules import campaigns, gifts
from services.campaigns.queries.invariants import check_invariants
from shared.http.app import create_app
from shared.http.depends import Runtime
from shared.http.internal import HealthCheck

ROUTERS = (campaigns.router, claims.router, gifts.router, grants.router)


def build_app(runtime: Runtime, health: Sequence[HealthCheck] = ()) -> FastAPI:
    """The app, with the frame's health, metrics and documents."""
    return create_app(
        runtime,
        title="campaigns",
        description="Campaigns, the rewards they give and take back, gifts and the desk.",
        routers=ROUTERS,
        invariants=check_invariants,
        health=health,
    )
