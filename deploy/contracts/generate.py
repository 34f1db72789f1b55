"""The events as documents: one JSON Schema each, and one AsyncAPI 3 document for all of them.

`python -m deploy.contracts.generate` writes `docs/events/`; a test compares it with the models.
"""

import json
import sys
from collections.abc import Iterable
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import yaml

import shared.contracts
from deploy.kafka.topics import Topic, read_topics
from shared.contracts import points, points_changes
from shared.contracts.event import EVENT_TYPES, Event, Part
from shared.contracts.words import FIELDS

FOLDER = Path(__file__).parents[2] / "docs" / "events"
ASYNCAPI = "asyncapi.yaml"
# The modules whose events have each field described.
WORDED = frozenset({points.__name__, points_changes.__name__})
# What the relay sends with every event.
HEADERS = {
    "ce_specversion": "CloudEvents version, 1.0",
    "ce_id": "the event's id, a UUIDv7; the same id is the same event",
    "ce_type": "the event's type with its version",
    "ce_source": "who speaks, as a path",
    "ce_time": "when it happened, ISO 8601 in UTC",
    "ce_programid": "the programme that it happened in",
    "ce_correlationid": "what caused it, through all services",
    "ce_traceparent": "W3C Trace Context of what caused it",
    "content-type": "application/json",
}


def contract_events() -> list[type[Event]]:
    """All events of `shared/contracts/`, by type."""
    for module in iter_modules(shared.contracts.__path__):
        import_module(f"{shared.contracts.__name__}.{module.name}")
    home = f"{shared.contracts.__name__}."
    found = [event for event in EVENT_TYPES.values() if event.__module__.startswith(home)]
    return sorted(found, key=lambda event: event.TYPE)


def documents() -> dict[str, str]:
    """Every document's text by its file's name."""
    events = contract_events()
    texts = {f"{event.TYPE}.json": _schema(event) for event in events}
    document = _asyncapi(events, read_topics())
    texts[ASYNCAPI] = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return texts


def _schema(event: type[Event]) -> str:
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:galleria:event:{event.TYPE}",
        **event.model_json_schema(mode="validation"),
    }
    if event.__module__ in WORDED:
        for model, described in _models(event, schema):
            for name, field in described["properties"].items():
                field["description"] = _words_of(model, name)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _models(event: type[Event], schema: dict[str, Any]) -> Iterable[tuple[type[Part], Any]]:
    """The event and its parts, with what the schema says of each."""
    yield event, schema
    parts = vars(import_module(event.__module__))
    for name, described in schema.get("$defs", {}).items():
        yield parts[name], described


def _words_of(model: type[Part], name: str) -> str:
    """What the field means: in this model, in what it is made of, or everywhere."""
    for kind in model.__mro__:
        if (said := FIELDS.get(f"{kind.__name__}.{name}")) is not None:
            return said
    return FIELDS[name]


def _asyncapi(events: Iterable[type[Event]], topics: Iterable[Topic]) -> dict[str, Any]:
    events, topics = list(events), list(topics)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Galleria events",
            "version": "1.0.0",
            "description": "What the services tell each other: CloudEvents 1.0 in binary mode on "
            "Kafka. A new optional field may appear at any time; consumers ignore what they do "
            "not know. Anything else is a new version of the type, spoken beside the old one.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, events) for topic in topics},
        "operations": {
            f"{topic.owner}.speaks-on.{topic.name}": {
                "action": "send",
                "channel": _ref("channels", topic.name),
            }
            for topic in topics
        },
        "components": {
            "messages": {event.TYPE: _message(event) for event in events},
            "messageTraits": {"cloudevent": {"headers": _headers_schema()}},
        },
    }


def _channel(topic: Topic, events: Iterable[type[Event]]) -> dict[str, Any]:
    return {
        "address": topic.name,
        "messages": {
            event.TYPE: _ref("components", "messages", event.TYPE)
            for event in events
            if topic.name == event.TOPIC
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup_policy],
                    "retention.ms": int(topic.settings["retention.ms"]),
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _message(event: type[Event]) -> dict[str, Any]:
    said = cleandoc(event.__doc__ or "")
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": said.split("\n\n")[0].replace("\n", " "),
        "description": said,
        "traits": [_ref("components", "messageTraits", "cloudevent")],
        "payload": {"$ref": f"./{event.TYPE}.json"},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": "The first of these that is not null: " + ", ".join(event.KEY),
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _headers_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(HEADERS),
        "properties": {
            name: {"type": "string", "description": said} for name, said in HEADERS.items()
        },
    }


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(path)}


def main() -> int:
    """Write the documents, and remove those of events that are no more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)
    for path in FOLDER.iterdir():
        if path.name not in wanted:
            path.unlink()
    sys.stdout.write(f"{len(wanted)} documents in {FOLDER}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
