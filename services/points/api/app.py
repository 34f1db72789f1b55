"""The HTTP door of points."""

from collections.abc import Sequence

from fastapi import FastAPI

from services.points.api import (
    accounts,
    activations,
    activities,
    activity_rules,
    adjustment_rules,
    adjustments,
    cases,
    claims,
    clearing,
    expiry,
    exports,
    freezes,
    holds,
    imports,
    liability,
    merges,
    nights,
    policies,
    pools,
    pos_transactions,
    quotes,
    redemptions,
    review_rules,
    transfers,
    wallet_moves,
    wallets,
)
from services.points.api.state import gathering
from services.points.queries.invariants import check_invariants
from shared.http.app import create_app
from shared.http.depends import Runtime
from shared.http.internal import HealthCheck

DESCRIPTION = """
Receipts become points: tills push sales and refunds (signed, see docs/tills.md), members and staff
read balances and statements. Points are integers, money is in minor units.
"""


def build_app(runtime: Runtime, health: Sequence[HealthCheck] = ()) -> FastAPI:
    """The app of a process with the api role."""
    return create_app(
        runtime,
        title="points",
        description=DESCRIPTION,
        routers=(
            pos_transactions.router,
            quotes.router,
            accounts.router,
            activations.router,
            activities.router,
            activity_rules.router,
            review_rules.router,
            cases.router,
            claims.router,
            expiry.router,
            nights.router,
            adjustments.router,
            adjustment_rules.router,
            transfers.router,
            freezes.router,
            merges.router,
            pools.router,
            policies.router,
            holds.tills,
            holds.readers,
            redemptions.policies,
            redemptions.tills,
            wallets.router,
            wallet_moves.router,
            liability.router,
            clearing.router,
            exports.router,
            imports.router,
        ),
        invariants=check_invariants,
        lifespan=gathering(runtime),
        health=health,
    )
