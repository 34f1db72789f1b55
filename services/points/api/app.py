"""The HTTP door of points."""

from collections.abc import Sequence

from fastapi import FastAPI

from services.points.api.accounting import clearing, exports, imports, liability
from services.points.api.activities import activities, activity_rules
from services.points.api.expiry import activations, expiry, nights
from services.points.api.ledger import accounts, adjustment_rules, adjustments
from services.points.api.members import freezes, merges, pools, pools_of_member, transfers
from services.points.api.receipts import (
    claims,
    payment_mismatches,
    policies,
    pos_transactions,
    quotes,
    withdrawals,
)
from services.points.api.reviews import cases, review_rules
from services.points.api.spending import holds, redemption_policies, redemptions, spendable
from services.points.api.state import gathering
from services.points.api.wallets import wallet_ends, wallet_moves, wallets
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
            pools_of_member.router,
            policies.router,
            holds.tills,
            spendable.router,
            redemption_policies.router,
            withdrawals.router,
            redemptions.router,
            payment_mismatches.router,
            wallets.router,
            wallet_ends.router,
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
