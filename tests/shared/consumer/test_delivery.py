"""What is inside of a Kafka message."""

from uuid import UUID

import pytest

from shared.consumer.delivery import Undecodable, decode, is_ours, message_of
from shared.ids import new_id
from tests.support.frame import OTHER_PROGRAM, PROGRAM, Listener, Rang, Struck, record_of

EVENT = Struck(program_id=PROGRAM, bell="a", number=1)


def test_an_event_comes_with_the_ids_of_its_cause() -> None:
    event_id = new_id()
    message = message_of(record_of(EVENT, event_id=event_id, topic="t1.points.ledger"), "t1.")
    assert (message.topic, message.key, message.program_id) == ("points.ledger", "a", PROGRAM)
    found = decode(message.headers, message.record.value)
    assert (found.event, found.event_id, found.correlation_id) == (EVENT, event_id, "cause-1")
    assert found.traceparent.startswith("00-0af7651916cd43dd")


def test_fields_that_are_not_known_are_ignored() -> None:
    value = EVENT.model_dump_json().encode()[:-1] + b', "new": 1}'
    headers = {"ce_type": Struck.TYPE, "ce_id": str(new_id())}
    assert decode(headers, value).event == EVENT


@pytest.mark.parametrize(
    "changed",
    [
        {"ce_type": "bell.struck.v9"},
        {"ce_id": "7"},
        {"ce_programid": "7"},
        {"ce_programid": str(OTHER_PROGRAM)},
    ],
)
def test_headers_that_do_not_fit_are_undecodable(changed: dict[str, str]) -> None:
    headers = {"ce_type": Struck.TYPE, "ce_id": str(new_id()), **changed}
    with pytest.raises(Undecodable):
        decode(headers, EVENT.model_dump_json().encode())


@pytest.mark.parametrize(
    ("event_type", "ours"),
    [
        (b"bell.struck.v1", True),
        (b"phone.rang.v1", False),
        (b"bell.struck.v2", False),
        (b"never.heard_of.it.v1", False),
        (b"", True),
        (b"junk", True),
        (b"bell.struck.v0", True),
        (b"\xff\x00", True),
    ],
)
def test_well_named_types_without_a_handler_are_for_others(event_type: bytes, ours: bool) -> None:
    handlers = {Struck: Listener().hear}
    message = message_of(record_of(EVENT, headers=[("ce_type", event_type)]), "")
    assert is_ours(message, handlers) is ours


def test_text_of_a_message_has_no_nul_and_ids_are_none_when_they_are_not() -> None:
    event = Rang(program_id=PROGRAM, bell="a", number=1)
    headers = [("ce_id", b"\x00"), ("ce_programid", None), ("other", b"\xff\x00")]
    message = message_of(record_of(event, key=b"\x00k", headers=headers), "")
    assert (message.key, message.event_id, message.program_id) == ("\\0k", None, None)
    assert message.headers["other"] == "�\\0"
    assert isinstance(message_of(record_of(event), "").event_id, UUID)
