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
