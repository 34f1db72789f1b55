"""Events, their documents and the topics that they are spoken on say the same."""

import ast
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from deploy.contracts.generate import ASYNCAPI, FOLDER, HEADERS, contract_events, documents
from deploy.kafka.topics import read_topics
from shared.contracts.event import KEY_BLOCKING_TOPICS, Event, Part
from shared.contracts.words import FIELDS
from shared.relay import message_headers
from tests.support.clock import NOON

ROOT = Path(__file__).parents[2]
# The initiative's own, see the README beside it.
ASYNCAPI_SCHEMA = Path(__file__).with_name("asyncapi") / "3.0.0.json"
EVENTS = contract_events()
TOPICS = {topic.name: topic for topic in read_topics()}


def test_the_committed_documents_are_those_of_the_models() -> None:
    committed = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert committed == documents(), "run: python -m deploy.contracts.generate"


@pytest.fixture(scope="module")
def asyncapi() -> jsonschema_rs.Draft7Validator:
    """What the AsyncAPI Initiative calls a document of version 3."""
    return jsonschema_rs.Draft7Validator(json.loads(ASYNCAPI_SCHEMA.read_text()))


def test_the_asyncapi_document_is_one(asyncapi: jsonschema_rs.Draft7Validator) -> None:
    document = yaml.safe_load((FOLDER / ASYNCAPI).read_text())
    found = [f"{e.instance_path}: {e.message[:200]}" for e in asyncapi.iter_errors(document)]
    assert found == []


def test_a_misspelt_asyncapi_document_would_be_seen(
    asyncapi: jsonschema_rs.Draft7Validator,
) -> None:
    for place, name in (
        (("channels", "membership.access"), "adress"),
        (("channels", "membership.access", "bindings", "kafka"), "partition"),
        (("info",), "titel"),
    ):
        document = yaml.safe_load((FOLDER / ASYNCAPI).read_text())
        holder = document
        for step in place:
            holder = holder[step]
        holder[name] = "x"
        assert not asyncapi.is_valid(document), place


def test_every_schema_of_an_event_is_a_schema() -> None:
    for path in FOLDER.glob("*.json"):
        schema = json.loads(path.read_text())
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        jsonschema_rs.meta.validate(schema)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _references(each)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = yaml.safe_load((FOLDER / ASYNCAPI).read_text())
    for reference in _references(document):
        if not reference.startswith("#/"):
            assert (FOLDER / reference).exists()
            continue
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_the_documented_headers_are_those_that_the_relay_sends() -> None:
    texts = ("event_id", "type", "topic", "program_id", "correlation_id", "traceparent")
    row = {**dict.fromkeys(texts, "x"), "occurred_at": NOON}
    assert sorted(name for name, _ in message_headers(row)) == sorted(HEADERS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_an_event_is_spoken_where_and_keyed_as_topics_yaml_says(event: type[Event]) -> None:
    assert TOPICS[event.TOPIC].events[event.TYPE] == event.KEY
    for field in event.KEY:
        assert field in event.model_fields
    # The last field of a key is there in every event: `key()` always finds one.
    assert event.model_fields[event.KEY[-1]].is_required()


def test_topics_yaml_names_no_event_that_is_not_there() -> None:
    named = {type_ for topic in TOPICS.values() for type_ in topic.events}
    assert named == {event.TYPE for event in EVENTS}


def test_the_topics_whose_keys_wait_are_those_that_topics_yaml_says() -> None:
    assert {t.name for t in TOPICS.values() if t.parked_key_blocks} == set(KEY_BLOCKING_TOPICS)


def test_an_event_is_in_a_file_of_the_service_that_speaks_it() -> None:
    for event in EVENTS:
        file_name = event.__module__.rsplit(".", 1)[-1]
        assert file_name.split("_")[0] == TOPICS[event.TOPIC].owner


def test_each_field_of_what_points_says_is_described() -> None:
    for event in EVENTS:
        if TOPICS[event.TOPIC].owner != "points":
            continue
        schema = json.loads((FOLDER / f"{event.TYPE}.json").read_text())
        for model in (schema, *schema.get("$defs", {}).values()):
            for name, field in model["properties"].items():
                assert field.get("description"), f"{event.TYPE}: {name}"


def test_no_word_is_kept_for_a_field_that_is_not_there() -> None:
    kinds = {kind.__name__: kind for event in EVENTS for kind in _models_of(event)}
    fields = {name for kind in kinds.values() for name in kind.model_fields}
    for word in FIELDS:
        model, _, name = word.rpartition(".")
        assert name in (kinds[model].model_fields if model else fields), word


def _models_of(event: type[Event]) -> list[type[Part]]:
    parts = [p for p in vars(import_module(event.__module__)).values() if isinstance(p, type)]
    return [event, *(part for part in parts if issubclass(part, Part))]


def test_events_are_frozen_ignore_what_they_do_not_know_and_name_their_version() -> None:
    for event in EVENTS:
        assert event.model_config["frozen"]
        assert event.model_config["extra"] == "ignore"
        assert event.TYPE.rsplit(".v", 1)[-1].isdecimal()


def test_contracts_import_nothing_but_models() -> None:
    for path in sorted((ROOT / "shared" / "contracts").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.module in {
                    "collections.abc",
                    "datetime",
                    "pydantic",
                    "shared.contracts.event",
                    "shared.contracts.points",
                    "shared.contracts.posting_kinds",
                    "typing",
                    "uuid",
                }, f"{path.name}: {node.module}"
