"""The HTTP app of membership."""

from collections.abc import Sequence

from fastapi import FastAPI

from services.membership.api.access import clients, revocations, tokens
from services.membership.api.directory import directory, directory_bulk, shops, tills
from services.membership.api.members import enrolment, identities, lookups, members
from services.membership.api.tiers import tier_scheme
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
