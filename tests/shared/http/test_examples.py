"""Examples of a document: nulls in their places, ids to be filled in named, days of yesterday."""

from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from shared.clock import Clock
from shared.http.documents import describe
from shared.http.examples import STORY_ENDS_ON
from tests.support.clock import NOON, HandClock

ID = "0199f3a2-c1d0-7b7e-8000-00000000000a"


class Lid(BaseModel):
    colour: str | None
    note: str | None = None


class Jar(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"owner_id": ID, "lid": {"colour": None}, "spares": [{"colour": None}]}]
        }
    )

    owner_id: UUID
    lid: Lid | None
    spares: list[Lid]
    broken: Literal["yes"] | None
    size: int


class Label(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"filled_on": STORY_ENDS_ON.isoformat(), "text": "2026-03-12 is a day"}]
        }
    )

    filled_on: date
    text: str
    best_before: datetime | None = Field(None, examples=["2027-03-12T20:00:00+08:00", None])
    read_at: datetime | None = Field(None, examples=["2026-02-28T23:59:59Z"])


def _document(clock: Clock = lambda: NOON) -> dict[str, Any]:
    app = FastAPI()

    @app.put("/shelves/{shelf_id}/jars/{number}")
    async def put(shelf_id: UUID, number: int, body: Jar, after: UUID | None = None) -> Jar:
        """Put a jar."""
        return body

    @app.put("/labels")
    async def write(body: Label) -> None:
        """Write a label."""

    @app.get("/jars")
    async def read(after: UUID | None = None) -> list[Jar]:
        """Read jars."""
        return []

    describe(app, clock)
    return app.openapi()


def test_an_example_has_the_nulls_that_its_schema_requires_and_no_others() -> None:
    (example,) = _document()["components"]["schemas"]["Jar"]["examples"]
    assert example == {
        "owner_id": ID,
        "lid": {"colour": None},
        "spares": [{"colour": None}],
        "broken": None,
    }


def test_an_operation_names_the_ids_that_its_caller_must_fill_in() -> None:
    paths = _document()["paths"]
    told = paths["/shelves/{shelf_id}/jars/{number}"]["put"]["description"]
    assert told == "Put a jar.\n\nFill in `shelf_id`, `owner_id`: ids differ on every stack."
    assert paths["/jars"]["get"]["description"] == "Read jars."


def test_the_story_of_the_examples_ended_yesterday_whenever_the_document_is_made() -> None:
    for days in (-700, 0, 1, 5_000):
        now = NOON + timedelta(days=days)
        for _ in range(2):  # Making it once more moves nothing further.
            label = _document(HandClock(now))["components"]["schemas"]["Label"]
            (example,) = label["examples"]
            moved = now.date() - timedelta(days=1) - STORY_ENDS_ON
            assert example == {
                "filled_on": (now.date() - timedelta(days=1)).isoformat(),
                "text": "2026-03-12 is a day",
            }
            before, _nothing = label["properties"]["best_before"]["examples"]
            assert datetime.fromisoformat(before) == datetime.fromisoformat(
                "2027-03-12T20:00:00+08:00"
            ) + timedelta(days=moved.days)
            assert before.endswith("T20:00:00+08:00")
            assert label["properties"]["read_at"]["examples"][0].endswith("T23:59:59Z")
