from shared.ids import new_id
from tests.notifications.hearsay import Hearsay, titles


async def test_the_newest_names_word_the_message_whatever_the_order(hearsay: Hearsay) -> None:
    newer = hearsay.tiers(2, basic="Basic", gold="Gold Plus")
    await hearsay.hear(newer, hearsay.tiers(1))
    await hearsay.hear(hearsay.tiers(1))
    member_id = new_id()
    await hearsay.hear(hearsay.enrolled(member_id), hearsay.risen(member_id, "gold"))
    await hearsay.send()
    assert titles(await hearsay.messages()) == ["Welcome", "You are now Gold Plus"]


async def test_a_rise_to_a_tier_of_a_scheme_not_heard_yet_waits_for_its_name(
    hearsay: Hearsay,
) -> None:
    await hearsay.hear(hearsay.enrolled())
    await hearsay.send()
    [row] = await hearsay.messages()
    assert (row["state"], row["reason"]) == ("planned", "variables_missing")

    await hearsay.hear(hearsay.tiers())
    assert (await hearsay.send()).decided == 0
    hearsay.clock.advance(minutes=1)
    await hearsay.send()
    [row] = await hearsay.messages()
    assert (row["state"], row["reason"], row["attempts"]) == ("sent", None, 2)
