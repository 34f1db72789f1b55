"""Examples of a document: nulls back in their places, and ids to be filled in named."""

from typing import Any, Literal
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from shared.http.documents import describe

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


def _document() -> dict[str, Any]:
    app = FastAPI()

    @app.put("/shelves/{shelf_id}/jars/{number}")
    async def put(shelf_id: UUID, number: int, body: Jar, after: UUID | None = None) -> Jar:
        """Put a jar."""
        return body

    @app.get("/jars")
    async def read(after: UUID | None = None) -> list[Jar]:
        """Read jars."""
        return []

    describe(app)
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
