"""Templates: what is said for each cause, in each language."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.api.pages import Limit
from services.notifications.api.principals import TEMPLATES
from services.notifications.domain.causes import VARIABLES, CauseKind, VariableKind
from services.notifications.domain.errors import TemplateVersionUnknown
from services.notifications.domain.wording import (
    Wording,
    check_values,
    check_wording,
    examples,
    render,
)
from services.notifications.queries.templates import (
    find_template_version,
    list_template_versions,
    list_templates_in_force,
)
from services.notifications.usecases.save_template import save_template
from shared.auth import require_role
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import PLAIN

router = APIRouter(prefix="/v1/templates", tags=["templates"])

VERSION_MAX = 2**31 - 2
DRAFT_EXAMPLE: dict[str, Any] = {
    "title": "You are now {{ tier_name }}",
    "body": "Since {{ happened_on }} you are {{ tier_name }}. Welcome up here.",
}
TEMPLATE_EXAMPLE: dict[str, Any] = {
    "cause": "tier_up",
    "locale": "en",
    "version": 1,
    **DRAFT_EXAMPLE,
    "created_at": "2026-03-10T12:00:00Z",
    "created_by": "staff-1",
}
Kind = Annotated[CauseKind, Path(description="what the message is about", examples=["tier_up"])]
Locale = Annotated[Literal["zh-CN", "en"], Path(description="its language", examples=["en"])]
# Line breaks and tabs may stand in a body; other control characters may not.
_BODY = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN)]
Body = Annotated[str, StringConstraints(min_length=1, max_length=4_000, pattern=_BODY)]
Value = (
    Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)]
    | Annotated[str, StringConstraints(strict=True, max_length=1_000, pattern=PLAIN)]
)
VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]


class Draft(BaseModel):
    """Words with `{{ variables }}`, `{% if %}` and the filter `grouped` (1200 → 1,200)."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": DRAFT_EXAMPLE}
    )

    title: Title
    body: Body


class TemplateView(BaseModel):
    """A version of a template. Version 0 is the house's own: nobody wrote it."""

    model_config = ConfigDict(json_schema_extra={"example": TEMPLATE_EXAMPLE})

    cause: CauseKind
    locale: str
    version: int
    title: str
    body: str
    created_at: datetime | None
    created_by: str | None


class VariableView(BaseModel):
    """A variable that templates of the cause may name."""

    name: str = Field(examples=["tier_name"])
    kind: VariableKind
    meaning: str = Field(examples=["the name of the tier that the member now holds"])
    example: str | int = Field(examples=["Gold"])


class TemplateInForce(TemplateView):
    """The words that the next message of the cause will have, and what they may name."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **TEMPLATE_EXAMPLE,
                "variables": [
                    {
                        "name": "tier_name",
                        "kind": "text",
                        "meaning": "the name of the tier that the member now holds",
                        "example": "Gold",
                    }
                ],
            }
        }
    )

    variables: list[VariableView]


class Versions(BaseModel):
    """Newest first. `next_before` is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"versions": [TEMPLATE_EXAMPLE], "next_before": None}}
    )

    versions: list[TemplateView]
    next_before: int | None


class PreviewRequest(BaseModel):
    """A draft, or a stored version, or neither for the one in force.

    `variables` are all of the cause's, or none for their examples.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "example": {
                "draft": DRAFT_EXAMPLE,
                "variables": {
                    "tier_name": "Gold",
                    "from_tier_name": "Silver",
                    "happened_on": "10 March 2026",
                },
            }
        },
    )

    draft: Draft | None = None
    version: int | None = Field(None, ge=0, le=VERSION_MAX)
    variables: dict[VariableName, Value] | None = Field(None, max_length=20)


class Preview(BaseModel):
    """The text as a member would see it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "title": "You are now Gold",
                "body": "Since 10 March 2026 you are Gold. Welcome up here.",
            }
        }
    )

    title: str
    body: str


@router.get("", summary="List the templates in force")
async def get_templates(staff: CurrentStaff, session: Tx) -> list[TemplateInForce]:
    """One for each cause and language, with the variables it may name. Role: templates."""
    require_role(staff, TEMPLATES)
    rows: Sequence[Mapping[str, Any]] = await list_templates_in_force(session, staff.program_id)
    return [
        TemplateInForce.model_validate({**row, "variables": _variables(CauseKind(row["cause"]))})
        for row in rows
    ]


@router.get("/{cause}/{locale}/versions", summary="List a template's versions")
async def get_versions(
    cause: Kind,
    locale: Locale,
    staff: CurrentStaff,
    session: Tx,
    before: Annotated[
        int | None, Query(ge=0, le=VERSION_MAX, description="`next_before` of the page before")
    ] = None,
    limit: Limit = 20,
) -> Versions:
    """Newest first, down to version 0. Role: templates."""
    require_role(staff, TEMPLATES)
    rows = await list_template_versions(
        session, staff.program_id, cause, locale, before=before, count_max=limit + 1
    )
    versions = [TemplateView.model_validate(row) for row in rows[:limit]]
    return Versions(
        versions=versions, next_before=versions[-1].version if len(rows) > limit else None
    )


@router.put("/{cause}/{locale}", summary="Write a template")
async def put_template(
    cause: Kind, locale: Locale, body: Draft, staff: CurrentStaff, session: Tx, now: Now
) -> TemplateView:
    """Makes a new version, in force at once for causes heard from now on. Role: templates.

    A variable that the cause does not offer is refused here, so that no member ever reads a blank.
    The words already in force, sent again, make no new version.
    """
    require_role(staff, TEMPLATES)
    wording = Wording(body.title, body.body)
    version = await save_template(
        session, now, staff.program_id, cause, locale, wording, staff.subject
    )
    return await _version(session, staff.program_id, cause, locale, version)


@router.post("/{cause}/{locale}/preview", summary="Preview a template")
async def post_preview(
    cause: Kind, locale: Locale, body: PreviewRequest, staff: CurrentStaff, session: Tx
) -> Preview:
    """Renders and stores nothing. A missing variable is refused, never blank. Role: templates."""
    require_role(staff, TEMPLATES)
    if body.draft is not None:
        wording = Wording(body.draft.title, body.draft.body)
        check_wording(cause, wording)
    else:
        stored = await _version(session, staff.program_id, cause, locale, body.version)
        wording = Wording(stored.title, stored.body)
    values = examples(cause) if body.variables is None else body.variables
    check_values(cause, values)
    shown = render(wording, values)
    return Preview(title=shown.title, body=shown.body)


async def _version(
    session: AsyncSession, program_id: UUID, cause: CauseKind, locale: str, version: int | None
) -> TemplateView:
    row = await find_template_version(session, program_id, cause, locale, version)
    if row is None:
        raise TemplateVersionUnknown("The template has no such version.")
    return TemplateView.model_validate(row)


def _variables(cause: CauseKind) -> list[VariableView]:
    return [
        VariableView(name=name, kind=v.kind, meaning=v.meaning, example=v.example)
        for name, v in VARIABLES[cause].items()
    ]
