"""The examples in the documents are true: they fit their schemas and work on a seeded stack."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema_rs
import pytest

from demo.tables import brands, categories, malls, shops
from deploy.local.seed_data import CURRENCY, TIERS, TILL_IDS, shop_code, tier_scheme
from tests.architecture.test_routes import SERVICES, build_app

# What the local stack is seeded with, by the names under which bodies and addresses speak of it.
SEEDED: dict[str, set[str]] = {
    "mall": {place.code for place in malls()},
    "brand": {place.code for place in brands()},
    "category": {place.code for place in categories()},
    "shop": {shop_code(shop.number) for shop in shops()},
    "tier": {str(tier["code"]) for tier in TIERS},
    "till_id": set(TILL_IDS),
    "currency": {CURRENCY},
}
SPOKEN_OF = {
    "home_mall": "mall",
    "malls": "mall",
    "shops": "shop",
    "brands": "brand",
    "categories": "category",
    "tiers": "tier",
    "tier_multipliers_milli": "tier",
    **{name: name for name in SEEDED},
}
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Path parameters that are called `code` are codes of what their address lists.
LISTED = {"malls": "mall", "brands": "brand", "categories": "category", "shops": "shop"}


class Shown(NamedTuple):
    """A body as documented: its schema, the examples shown, and whether fields have their own."""

    where: str
    schema: dict[str, Any]
    examples: list[Any]
    has_field_examples: bool


@pytest.fixture(params=SERVICES)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return build_app(request.param).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def examples_of(document: dict[str, Any], schema: dict[str, Any]) -> list[Any]:
    """Those beside a reference, else of the schema, or of what a list of it holds."""
    for here in (schema, resolve(document, schema)):
        if own := here.get("examples") or [here[key] for key in ("example",) if key in here]:
            return list(own)
        if here.get("type") == "array":
            return [[example] for example in examples_of(document, here["items"])]
    return []


def fields_have_examples(document: dict[str, Any], schema: dict[str, Any]) -> bool:
    schema = resolve(document, schema)
    if schema.get("type") == "array":
        return fields_have_examples(document, schema["items"])
    fields = schema.get("properties", {}).values()
    return bool(fields) and all(
        examples_of(document, field) or fields_have_examples(document, field) for field in fields
    )


def bodies(document: dict[str, Any], where: str, holder: dict[str, Any]) -> Iterator[Shown]:
    for kind, media in holder.get("content", {}).items():
        schema = media.get("schema", {})
        shown = [one["value"] for one in media.get("examples", {}).values()]
        yield Shown(
            f"{where} {kind}",
            schema,
            shown or examples_of(document, schema),
            fields_have_examples(document, schema),
        )


def sent(document: dict[str, Any]) -> Iterator[Shown]:
    for where, operation in operations(document):
        yield from bodies(document, where, operation.get("requestBody", {}))


def answered(document: dict[str, Any]) -> Iterator[Shown]:
    for where, operation in operations(document):
        for status in {"200", "201"} & set(operation["responses"]):
            yield from bodies(document, f"{where} {status}", operation["responses"][status])


def assert_fits(document: dict[str, Any], shown: Shown) -> None:
    schema = {**shown.schema, "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for example in shown.examples:
        found = [f"{e.instance_path}: {e.message}" for e in validator.iter_errors(example)]
        assert not found, f"{shown.where}: {found}"


def named(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text with its field's name; keys of maps and codes of listed things by the holder's."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if name in SPOKEN_OF:
                yield name, key
            yield from named(inner, key)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict) and name in SPOKEN_OF:
                yield name, inner["code"]
            yield from named(inner, "" if isinstance(inner, dict) else name)
    elif isinstance(value, str):
        yield name, value


def test_every_body_that_is_sent_has_an_example_that_fits(document: dict[str, Any]) -> None:
    for shown in sent(document):
        assert shown.examples, shown.where
        assert_fits(document, shown)


def test_every_good_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    for shown in answered(document):
        assert shown.examples or shown.has_field_examples, shown.where
        assert_fits(document, shown)


def test_every_address_has_an_example_or_says_which_id_to_fill_in(
    document: dict[str, Any],
) -> None:
    for where, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["schema"].get("format") == "uuid" and parameter["required"]:
                assert f"`{parameter['name']}`" in operation["description"], where
            elif parameter["required"]:
                assert examples_of(document, parameter["schema"]), f"{where}: {parameter['name']}"


def test_whoever_must_fill_in_an_id_of_a_body_is_told(document: dict[str, Any]) -> None:
    for where, operation in operations(document):
        for shown in bodies(document, where, operation.get("requestBody", {})):
            for name, value in named(shown.examples):
                if UUID_TEXT.fullmatch(value):
                    assert f"`{name}`" in operation["description"], where


def test_examples_name_what_the_local_stack_is_seeded_with(document: dict[str, Any]) -> None:
    for shown in [*sent(document), *answered(document)]:
        for name, value in named(shown.examples):
            if kind := SPOKEN_OF.get(name):
                assert value in SEEDED[kind], f"{shown.where}: {name} {value}"
    for where, operation in operations(document):
        for parameter in operation.get("parameters", []):
            listed = LISTED.get(where.split("/")[2]) if parameter["name"] == "code" else None
            if kind := listed or SPOKEN_OF.get(parameter["name"]):
                assert set(parameter["schema"]["examples"]) <= SEEDED[kind], where


def test_the_tiers_shown_are_the_tiers_seeded() -> None:
    schema = build_app("membership").openapi()["components"]["schemas"]["TierSchemeRequest"]
    assert schema["examples"] == [tier_scheme()]
