"""The OpenAPI document of campaigns keeps its word."""

from collections.abc import Mapping

from services.campaigns.api.app import build_app
from services.campaigns.settings import CampaignsSettings
from shared.ids import new_id
from tests.campaigns.world import World, spend
from tests.support.schema_checks import check_schema
from tests.support.service import make_runtime, make_settings


async def test_the_document_keeps_its_word_to_staff_and_members(world: World) -> None:
    await world.put_gift()
    campaign_id = await world.publish(spend())
    member_id = (await world.enrol()).member_id
    sale = world.sale(200_000, member_id)
    await world.tell(sale)
    claim = await world.claim(campaign_id, sale, member_id=str(member_id))
    known = {
        "campaign_id": str(campaign_id),
        "member_id": str(member_id),
        "grant_id": claim["grant_id"],
        "sku": "tote",
    }

    def as_staff(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return {**world.staff("admin"), "Idempotency-Key": new_id().hex}

    def as_staff_with_any_key(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return world.staff("admin")

    def as_member(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return world.card(member_id)

    def as_nobody(method: str, path: str, body: bytes) -> Mapping[str, str]:
        return {}

    settings = make_settings(CampaignsSettings, "postgresql://unused")
    document = build_app(make_runtime("campaigns", settings, world.engine, world.clock)).openapi()
    client = world.client
    assert await check_schema(client, document, as_staff, known=known) > 200
    assert await check_schema(client, document, as_staff_with_any_key, known=known, examples=3) > 40
    assert await check_schema(client, document, as_member, known=known, examples=6) > 80
    assert await check_schema(client, document, as_nobody, known=known, examples=3) > 40
