"""The HTTP app of membership."""

from collections.abc import Sequence

from fastapi import FastAPI

from services.membership.api import (
    clients,
    directory,
    directory_bulk,
    enrolment,
    identities,
    lookups,
    members,
    revocations,
    shops,
    tier_scheme,
    tills,
    tokens,
)
from services.membership.queries.invariants import check_invariants
from shared.http.app import create_app
from shared.http.depends import Runtime
from shared.http.internal import HealthCheck

ROUTERS = tuple(
    module.router
    for module in (
        tokens,
        revocations,
        clients,
        directory,
        directory_bulk,
        shops,
        tills,
        tier_scheme,
        enrolment,
        lookups,
        members,
        identities,
    )
)


def build_app(runtime: Runtime, health: Sequence[HealthCheck] = ()) -> FastAPI:
    """The app, with the frame's health, metrics and documents."""
    return create_app(
        runtime,
        title="membership",
        description="Tokens, malls, shops and tills, members, their identities and tiers.",
        routers=ROUTERS,
        invariants=check_invariants,
        health=health,
    )
