"""topics.yaml beside the contracts that it carries."""

from deploy.kafka.topics import read_topics
from deploy.local.layout import SERVICES
from shared.contracts import campaigns, membership, notifications, points
from shared.contracts.event import EVENT_TYPES, KEY_BLOCKING_TOPICS

SPEAKERS = {
    module.__name__.rpartition(".")[2] for module in (campaigns, membership, notifications, points)
}


def test_every_event_has_its_topic_and_key_in_the_file() -> None:
    said = {
        type_: (topic.name, key) for topic in read_topics() for type_, key in topic.events.items()
    }
    spoken = {
        type_: (event.TOPIC, event.KEY)
        for type_, event in EVENT_TYPES.items()
        if event.__module__.startswith("shared.contracts.")  # Other tests make up their own.
    }
    assert said == spoken


def test_the_file_and_the_consumer_agree_on_which_parked_events_hold_back_their_key() -> None:
    blocking = {topic.name for topic in read_topics() if topic.parked_key_blocks}
    assert blocking == KEY_BLOCKING_TOPICS


def test_every_topic_is_owned_by_one_service() -> None:
    assert {topic.owner for topic in read_topics()} == SPEAKERS
    assert set(SERVICES) <= SPEAKERS
