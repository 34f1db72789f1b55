"""Through which channels a programme tells its members."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.notifications.api.principals import TEMPLATES
from services.notifications.domain.errors import ChannelUnavailableHere
from services.notifications.domain.messages import Channel
from services.notifications.settings import NotificationsSettings
from services.notifications.storage.channels import list_channels
from services.notifications.usecases.choose_channels import choose_channels
from shared.auth import require_role
from shared.http.depends import CurrentStaff, Now, Tx, runtime_of

router = APIRouter(prefix="/v1/channels", tags=["channels"])

# JSON has no enumerations: the one lax field of a strict model.
LaxChannel = Annotated[Channel, Field(strict=False)]


class Channels(BaseModel):
    """`inbox` is the member's list in the app; `file` writes JSON lines, for development."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": {"channels": ["inbox"]}}
    )

    channels: list[LaxChannel] = Field(min_length=1, max_length=10)


@router.get("", summary="Show the programme's channels")
async def get_channels(staff: CurrentStaff, session: Tx) -> Channels:
    """A programme that has not chosen uses the inbox. Role: templates."""
    require_role(staff, TEMPLATES)
    return Channels(channels=list(await list_channels(session, staff.program_id)))


@router.put("", summary="Choose the programme's channels")
async def put_channels(
    body: Channels, staff: CurrentStaff, session: Tx, now: Now, request: Request
) -> Channels:
    """For causes heard from now on: one message through each. Role: templates.

    The channel `file` needs a deployment with `NOTIFICATIONS_FILE_FOLDER`.
    """
    require_role(staff, TEMPLATES)
    settings = runtime_of(request).settings
    assert isinstance(settings, NotificationsSettings)
    if Channel.FILE in body.channels and settings.file_folder is None:
        raise ChannelUnavailableHere("This deployment has no folder for the file channel.")
    chosen = await choose_channels(session, now, staff.program_id, body.channels, staff.subject)
    return Channels(channels=list(chosen))
