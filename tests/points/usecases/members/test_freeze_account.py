"""A frozen account or lot: points come in, none go out, none end."""

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import WHY, freeze, offer, thaw


async def test_nothing_goes_out_of_a_frozen_account_and_all_comes_in(mall: Mall) -> None:
    member_id, friend = await mall.enrol(), await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    case = await freeze(mall, member_id)
    assert (case.status_code, case.json()["opened_by"]) == (201, "staff-1")
    for refused in (
        await mall.adjust(member_id, -5, "out"),
        await offer(mall, member_id, friend, 5),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "account_frozen")
        assert refused.json()["case_id"] == case.json()["case_id"]
    assert (await mall.push(mall.sale(5_000, member_id=member_id))).status_code == 201
    assert (await mall.adjust(member_id, 5, "in")).status_code == 201
    # What was never theirs is taken back all the same.
    assert (await mall.push(mall.refund(sale))).status_code == 201
    assert await mall.balance(member_id) == 55
    assert (await thaw(mall, member_id, case.json()["case_id"])).status_code == 200
    assert (await mall.adjust(member_id, -55, "out")).status_code == 201


async def test_freezing_again_answers_with_the_case_that_stands(mall: Mall) -> None:
    member_id = await mall.enrol()
    first, again = await freeze(mall, member_id), await freeze(mall, member_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    case_id = first.json()["case_id"]
    done, repeated = await thaw(mall, member_id, case_id), await thaw(mall, member_id, case_id)
    assert done.json() == repeated.json()
    assert done.json()["outcome"] == "Phone found"
    shown = await mall.get(f"/v1/members/{member_id}/freezes")
    assert shown.json() == [done.json()]


async def test_a_frozen_lot_is_left_out_and_the_others_are_spent(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.adjust(member_id, 100, "a")
    await mall.adjust(member_id, 30, "b")
    case = await freeze(mall, member_id, lot_version=1)
    short = await mall.adjust(member_id, -31, "c")
    assert (short.status_code, short.json()["available"]) == (422, 30)
    assert (await mall.adjust(member_id, -30, "d")).status_code == 201
    await thaw(mall, member_id, case.json()["case_id"])
    assert (await mall.adjust(member_id, -100, "e")).status_code == 201
    kinds = await mall.rows("SELECT kind FROM lot_change WHERE program_id = :p ORDER BY change_id")
    assert kinds == [("frozen",), ("thawed",)]


async def test_only_what_is_there_can_be_frozen_and_only_by_those_who_may(mall: Mall) -> None:
    member_id = await mall.enrol()
    assert (await freeze(mall, new_id())).json()["code"] == "member_unknown"
    assert (await freeze(mall, member_id, lot_version=9)).json()["code"] == "lot_unknown"
    assert (await thaw(mall, member_id, str(new_id()))).json()["code"] == "freeze_unknown"
    answer = await mall.client.post(
        f"/v1/members/{member_id}/freezes", json=WHY, headers=mall.staff("points.read")
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


async def test_a_stranger_or_a_frozen_member_gets_no_points_from_others(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    made = (await offer(mall, giver, receiver, 10)).json()
    await freeze(mall, receiver)
    refused = await offer(mall, giver, receiver, 10, "k2")
    assert refused.json()["code"] == "transfer_receiver_unknown"
    path = f"/v1/members/{receiver}/transfers/{made['transfer_id']}/acceptance"
    refused = await mall.post(path, None, receiver)
    assert refused.json()["code"] == "transfer_receiver_unknown"
