"""The OpenAPI document of points keeps its word, on every one of its routes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.points.api.app import build_app
from services.points.settings import PointsSettings
from shared.auth import derive_till_secret, till_headers
from shared.ids import new_id
from tests.points.exporting import ask_ledger, write_until_ready
from tests.points.importing import begin
from tests.points.mall import Mall
from tests.points.members import merged, offered, opened_pool, two_members
from tests.points.spending import paid_with, set_redemption_policy
from tests.points.wallets_at_hand import state_stars
from tests.support.schema_checks import check_schema, operations_of
from tests.support.service import DEPLOYMENT_KEY, make_runtime
from tests.support.tokens import member_headers

# Answers that do not show that a route's own code was asked.
AT_THE_DOOR = (
    "401",
    "403 role_missing",
    "403 wrong_principal",
    "405",
    "413",
    "415",
    "422 validation_failed",
)

# No dead letter is made here (`tests/shared/http/test_internal.py`); who leaves a pool is named in
# a body; and the transfer is to the member, who cannot cancel it (`tests/points/usecases/members`).
NEVER_FOUND = {
    "POST /internal/dead-letters/{letter_id}/discard",
    "POST /internal/dead-letters/{letter_id}/replay",
    "POST /v1/members/{member_id}/transfers/{transfer_id}/cancellation",
    "POST /v1/pools/{pool_id}/departures",
}


async def known_things(mall: Mall, member_id: UUID) -> dict[str, Any]:
    """A path value of each kind, so that every route finds something that is there."""
    await mall.sold(10_000, member_id=member_id)
    await state_stars(mall)
    await mall.set_policy()
    await set_redemption_policy(mall)
    stars = {"points": 50, "reason_code": "x", "note": "x", "wallet": "stars"}
    await mall.post(f"/v1/members/{member_id}/adjustments", stars, None, "stars")
    big = (await mall.adjust(member_id, 50_000, "big")).json()
    other, old = await two_members(mall)
    await mall.adjust(other, 10, "to give")
    statement = await mall.post("/v1/clearing/statements", {"last_day": "2026-03-01"})
    rules = {"own_card": "cashier", "again_days": 3}
    await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    card = f"/v1/shops/{mall.shop_id}/staff-cards/C7"
    await mall.client.put(card, json={"member_id": str(member_id)}, headers=mall.staff())
    await mall.push(mall.sale(100, member_id=member_id, cashier_id="C7"))
    [case] = (await mall.get("/v1/cases")).json()["cases"]
    differs = (await mall.push(paid_with(mall.sale(10_000), 9_000))).json()
    export = await ask_ledger(mall)
    await write_until_ready(mall, export)
    return {
        "member_id": str(member_id),
        "version": 1,
        "adjustment_id": big["adjustment_id"],
        "case_id": case["case_id"],
        "cashier_id": "C7",
        "export_id": export.rsplit("/", 1)[-1],
        "import_id": (await begin(mall)).rsplit("/", 1)[-1],
        "merge_id": (await merged(mall, old, other))["merge_id"],
        "part_number": 1,
        "pool_id": await opened_pool(mall, member_id),
        "shop_id": str(mall.shop_id),
        "statement_id": statement.json()["statement_id"],
        "transaction_id": differs["pos_transaction_id"],
        "transfer_id": await offered(mall, other, member_id, 10),
        "wallet": "stars",
    }


def signed_paths(document: dict[str, Any]) -> set[str]:
    """Those that a till's signature opens."""
    return {
        path
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if any("Galleria-Till" in way for way in operation.get("security", ()))
    }


async def test_the_document_keeps_its_word_to_staff_members_and_tills(
    mall: Mall, settings: PointsSettings
) -> None:
    document = build_app(make_runtime("points", settings, mall.engine, mall.clock)).openapi()
    member_id, till = await mall.enrol(), mall.till
    known = await known_things(mall, member_id)
    secret = derive_till_secret(DEPLOYMENT_KEY, till.program_id, till.shop_id, till.till_id, 1)
    seconds, of_tills = int(mall.clock().timestamp()), signed_paths(document)

    def as_staff(method: str, path: str, body: bytes) -> Mapping[str, str]:
        if path in of_tills:
            return till_headers(secret, till, new_id().hex, seconds, path, body)
        return mall.staff()

    def as_member(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return member_headers(mall.clock, mall.program_id, member_id)

    def as_nobody(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return {}

    answered: dict[str, set[str]] = {}
    for who, examples, least in ((as_staff, 15, 100), (as_member, 6, 30), (as_nobody, 3, 15)):
        sent = await check_schema(
            mall.client, document, who, known=known, examples=examples, answered=answered
        )
        assert sent > least
    assert set(answered) == operations_of(document)
    # Each route was asked behind its door by somebody, and about something that is there.
    assert _never(answered, AT_THE_DOOR) == set()
    by_id = {name: said for name, said in answered.items() if "{" in name}
    assert _never(by_id, (*AT_THE_DOOR, "404")) <= NEVER_FOUND


def _never(answered: Mapping[str, set[str]], answers: tuple[str, ...]) -> set[str]:
    """The operations that answered nothing else."""
    return {
        name for name, said in answered.items() if all(each.startswith(answers) for each in said)
    }
