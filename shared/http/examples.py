"""Examples in the OpenAPI document: whole, honest about what nobody can know beforehand, and of
yesterday: what they say of receipts is refused when it has become too old."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

# Examples tell one story, whose last day this is.
STORY_ENDS_ON = date(2026, 3, 12)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def restore_nulls(document: dict[str, Any]) -> None:
    """FastAPI drops every null of the document: examples get back those that are required."""
    for schema in document.get("components", {}).get("schemas", {}).values():
        for example in [*schema.get("examples", []), schema.get("example")]:
            _restore(document, schema, example)


def _restore(document: dict[str, Any], schema: dict[str, Any], example: Any) -> None:
    schema = _plain(document, schema)
    if isinstance(example, list):
        for item in example:
            _restore(document, schema.get("items", {}), item)
    elif isinstance(example, dict):
        for name, field in schema.get("properties", {}).items():
            may_be_null = {"type": "null"} in field.get("anyOf", [])
            if may_be_null and name in schema.get("required", []):
                example.setdefault(name, None)
            _restore(document, field, example.get(name))


def move_days(document: dict[str, Any], today: date) -> None:
    """Have the story of the examples end yesterday: every day in them moves by as many days."""
    _move(document, today - timedelta(days=1) - STORY_ENDS_ON)


def _move(node: Any, by: timedelta) -> None:
    if isinstance(node, list):
        for inner in node:
            _move(inner, by)
    elif isinstance(node, dict):
        for name, inner in node.items():
            if name in ("example", "examples"):
                node[name] = _moved(inner, by)
            else:
                _move(inner, by)


def _moved(example: Any, by: timedelta) -> Any:
    if isinstance(example, dict):
        return {name: _moved(inner, by) for name, inner in example.items()}
    if isinstance(example, list):
        return [_moved(inner, by) for inner in example]
    if not isinstance(example, str):
        return example
    if _DAY.fullmatch(example):
        return (date.fromisoformat(example) + by).isoformat()
    if _INSTANT.fullmatch(example):
        return (datetime.fromisoformat(example) + by).isoformat().replace("+00:00", "Z")
    return example


def _plain(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, behind references and beside null."""
    while True:
        others = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        elif len(others) == 1:
            schema = others[0]
        else:
            return schema


def name_ids(document: dict[str, Any]) -> None:
    """Each operation says which ids its caller must fill in: they differ on every stack."""
    for item in document["paths"].values():
        for operation in item.values():
            if names := list(dict.fromkeys(_ids(document, operation))):
                told = ", ".join(f"`{name}`" for name in names)
                operation["description"] += f"\n\nFill in {told}: ids differ on every stack."


def _ids(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        if parameter["required"] and parameter["schema"].get("format") == "uuid":
            yield parameter["name"]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema = _plain(document, media["schema"])
        yield from _named([one["value"] for one in media.get("examples", {}).values()])
        yield from _named([*schema.get("examples", []), schema.get("example")])


def _named(value: Any, name: str = "") -> Iterator[str]:
    """The names of fields of an example that hold ids."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, name)
    elif isinstance(value, str) and _UUID.fullmatch(value):
        yield name
