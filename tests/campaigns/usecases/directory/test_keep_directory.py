"""The directory may be told late, twice and out of order."""

from shared.contracts.membership import MallChanged
from shared.db import driver, transaction
from shared.ids import new_id
from tests.campaigns.world import ZONE, World, multiply


async def test_a_receipt_before_its_shop_is_judged_again_when_the_shop_is_known(
    world: World,
) -> None:
    await world.publish(multiply(scope={"brands": ["acme"]}))
    member = await world.enrol()
    shop_id = new_id()
    await world.tell(world.sale(10000, member.member_id, shop_id=shop_id))
    assert await world.net_points(member.member_id) == 0
    await world.tell(world.shop(shop_id, world.mall_id))
    await world.rescore()
    assert await world.net_points(member.member_id) == 100


async def test_a_rebranding_does_not_rewrite_what_was_bought_before(world: World) -> None:
    await world.publish(multiply(scope={"brands": ["acme"]}))
    member = await world.enrol()
    await world.tell(world.sale(10000, member.member_id))
    await world.tell(world.shop(world.shop_id, world.mall_id, brand="unlisted", revision=2))
    await world.tell(world.shop(world.shop_id, world.mall_id, revision=1))
    await world.rescore()
    await world.tell(world.sale(10000, member.member_id))
    assert await world.net_points(member.member_id) == 100


async def test_an_older_revision_of_a_mall_is_not_kept(world: World) -> None:
    def mall(revision: int, name: str) -> MallChanged:
        return MallChanged(
            program_id=world.program_id,
            mall_id=world.mall_id,
            code="mall-0",
            name=name,
            time_zone=ZONE,
            currency="CNY",
            revision=revision,
        )

    await world.tell(mall(3, "newest"), mall(2, "older"))
    await world.tell(mall(2, "older"))
    async with transaction(world.engine) as session:
        name = await (await driver(session)).fetchval(
            "SELECT name FROM mall WHERE program_id = $1 AND mall_id = $2",
            world.program_id,
            world.mall_id,
        )
    assert name == "newest"
