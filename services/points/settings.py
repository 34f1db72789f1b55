"""The knobs of points, with their units."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class PointsSettings(ServiceSettings):
    """Environment: `POINTS_…`."""

    model_config = SettingsConfigDict(env_prefix="POINTS_")

    purchase_future_seconds_max: int = Field(
        300, description="a till's clock may run ahead by this"
    )
    purchase_late_days_max: int = Field(400, description="older receipts are refused")
    claim_days_max: int = Field(60, description="an anonymous receipt can be claimed this long")
    batch_items_max: int = Field(1_000, description="receipts in one request")
    night_chunk_accounts: int = Field(
        300, ge=1, le=10_000, description="accounts that a step of the nightly run locks at once"
    )
    night_connections: int = Field(
        2,
        ge=1,
        le=16,
        description="how many of these steps a process takes at once, by a connection each: "
        "never more than half of its pool",
    )
    reminder_lead_days: int = Field(
        7,
        ge=0,
        le=28,
        description="members hear this long before a month what ends in it; 0: never",
    )
    transfer_accept_days: int = Field(7, ge=1, description="an offered transfer waits this long")
    transfer_points_a_day_max: int = Field(
        10_000, ge=0, description="what a member may give to others within 24 hours"
    )
    pool_members_max: int = Field(8, ge=1, description="members and invitations of a pool")
    merge_undo_days_max: int = Field(30, ge=0, description="a merge can be undone this long")
    thaw_grace_days: int = Field(
        7, ge=0, description="what ended while it was frozen lasts this long after the thaw"
    )
    adjustment_points_unchecked_max: int = Field(
        10_000, ge=0, description="more than this needs a second pair of eyes, unless rules say so"
    )
    files_kept_days: int = Field(
        7, ge=1, description="exports and the contents of imports are dropped after this"
    )

    @property
    def night_workers(self) -> int:
        """Steps of the nightly run at once: what else the process does needs connections too."""
        return max(1, min(self.night_connections, self.database_pool_size // 2))
