"""The OpenAPI document of points keeps its word."""

from collections.abc import Mapping

from services.points.api.app import build_app
from services.points.settings import PointsSettings
from shared.auth import derive_till_secret, till_headers
from shared.ids import new_id
from tests.points.mall import POS, Mall
from tests.support.schema_checks import check_schema
from tests.support.service import DEPLOYMENT_KEY, make_runtime
from tests.support.tokens import member_headers

OF_TILLS = {
    f"/v1/{what}"
    for what in (
        "holds",
        "hold-captures",
        "hold-releases",
        "redemptions",
        "redemption-quotes",
        "redemption-reversals",
    )
}


async def test_the_document_keeps_its_word_to_staff_members_and_tills(
    mall: Mall, settings: PointsSettings
) -> None:
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    till = mall.till
    secret = derive_till_secret(DEPLOYMENT_KEY, till.program_id, till.shop_id, till.till_id, 1)
    seconds = int(mall.clock().timestamp())

    def as_staff(method: str, path: str, body: bytes) -> Mapping[str, str]:
        if path.startswith(POS) or path in OF_TILLS:
            return till_headers(secret, till, new_id().hex, seconds, path, body)
        return mall.staff()

    def as_member(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return member_headers(mall.clock, mall.program_id, member_id)

    def as_nobody(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return {}

    document = build_app(make_runtime("points", settings, mall.engine, mall.clock)).openapi()
    known = {"member_id": str(member_id), "version": 1}
    assert await check_schema(mall.client, document, as_staff, known=known) > 100
    assert await check_schema(mall.client, document, as_member, known=known, examples=6) > 30
    assert await check_schema(mall.client, document, as_nobody, known=known, examples=3) > 15
