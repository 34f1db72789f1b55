"""Every knob of campaigns, read with the prefix CAMPAIGNS_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class CampaignsSettings(ServiceSettings):
    """The frame's knobs and campaigns' own."""

    model_config = SettingsConfigDict(env_prefix="CAMPAIGNS_")

    rescore_batch_receipts_max: int = Field(
        500, ge=1, le=5_000, description="stored receipts judged again in one transaction"
    )
    rescore_every_seconds: float = Field(
        2.0, gt=0, description="how often the job looks for receipts to judge again"
    )
    request_key_days: int = Field(
        30, ge=1, description="how long an Idempotency-Key and its answer are remembered"
    )
