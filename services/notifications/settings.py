"""Every knob of notifications, with its unit and default; prefix `NOTIFICATIONS_`."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class NotificationsSettings(ServiceSettings):
    """The frame's knobs and these. Channels are chosen per programme: `PUT /v1/channels`."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    message_ttl_days: int = Field(
        7, ge=1, le=365, description="not sent by then, a message is suppressed as expired"
    )
    defer_seconds: int = Field(
        60, ge=1, description="a message that lacks a name or its member is looked at again"
    )
    send_every_seconds: float = Field(0.5, gt=0, description="pause when nothing is due")
    send_batch_messages_max: int = Field(500, ge=1, le=5_000, description="in one transaction")
    send_lease_seconds: int = Field(
        60, ge=1, description="a message not confirmed by its channel is handed over again"
    )
    file_folder: Path | None = Field(
        None, description="where the file channel writes; without it, that channel is not worked"
    )

    @property
    def message_ttl(self) -> timedelta:
        """How long a message is worth sending, from when it could first be sent."""
        return timedelta(days=self.message_ttl_days)

    @property
    def send_lease(self) -> timedelta:
        """How long a channel outside has to confirm what it was handed."""
        return timedelta(seconds=self.send_lease_seconds)
