from services.notifications.domain.causes import Cause, CauseKind
from services.notifications.domain.messages import Channel, DueMessage, State
from services.notifications.usecases.decide_messages import decide_messages
from shared.db import transaction
from shared.ids import new_id
from tests.notifications.hearsay import RULES, Hearsay


def due(hearsay: Hearsay, cause: Cause) -> DueMessage:
    return DueMessage(
        program_id=hearsay.program_id,
        message_id=new_id(),
        member_id=cause.member_id,
        kind=cause.kind,
        cause_id=cause.cause_id,
        occurred_at=cause.occurred_at,
        channel=Channel.INBOX,
        locale="en",
        template_version=0,
        facts=cause.facts,
        planned_at=hearsay.clock(),
        sent_at=None,
        correlation_id="",
        traceparent="",
    )


async def test_words_come_from_the_copies_of_the_moment_and_nothing_is_written(
    hearsay: Hearsay,
) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(hearsay.tiers(gold="Golden"), member)
    rise, unknown = (
        Cause(member_id, CauseKind.TIER_UP, "gold:1", hearsay.clock(), facts)
        for member_id, facts in (
            (member.member_id, {"tier": "gold", "from_tier": "gold"}),
            (new_id(), {"tier": "platinum", "from_tier": "gold"}),
        )
    )
    before = await hearsay.messages()
    async with transaction(hearsay.engine) as session:
        decisions = await decide_messages(
            session,
            hearsay.clock(),
            hearsay.program_id,
            [due(hearsay, rise), due(hearsay, unknown)],
            RULES,
        )
    assert [d.state for d in decisions] == [State.SENDING, State.PLANNED]
    assert decisions[0].wording is not None
    assert decisions[0].wording.title == "You are now Golden"
    assert decisions[1].due_at == hearsay.clock() + RULES.retry_after
    assert await hearsay.messages() == before


async def test_nothing_to_decide_asks_for_nothing(hearsay: Hearsay) -> None:
    async with transaction(hearsay.engine) as session:
        assert await decide_messages(session, hearsay.clock(), hearsay.program_id, [], RULES) == []
