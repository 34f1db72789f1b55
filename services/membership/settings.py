"""Every knob of membership, with unit and default."""

from functools import lru_cache
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from services.membership.domain.members.sealing import ProgramKeys
from shared.auth import derive_key
from shared.settings import ServiceSettings


class MembershipSettings(ServiceSettings):
    """Read from the environment: `MEMBERSHIP_DATABASE_URL` and so on."""

    model_config = SettingsConfigDict(env_prefix="MEMBERSHIP_")

    token_seconds: int = Field(900, ge=60, le=900, description="lifetime of access tokens")
    member_code_seconds: int = Field(60, ge=10, le=600, description="lifetime of a shown code")
    till_key_overlap_hours: int = Field(
        24, ge=0, le=720, description="a till's previous key is good for this long after rotation"
    )
    idempotency_hours: int = Field(48, ge=1, le=720, description="answers are kept this long")

    @model_validator(mode="after")
    def _gives_what_is_taken(self) -> "MembershipSettings":
        if self.token_seconds > self.token_seconds_max:
            raise ValueError("TOKEN_SECONDS is more than TOKEN_SECONDS_MAX: nobody would take them")
        return self

    def program_keys(self, program_id: UUID) -> ProgramKeys:
        """The keys under which the programme's personal data is sealed and found."""
        return _program_keys(self.deployment_key.get_secret_value(), program_id)

    @property
    def token_sealing_key(self) -> bytes:
        """Seals the private keys that sign tokens."""
        return derive_key(self.deployment_key.get_secret_value(), "galleria token keys 1")


@lru_cache(maxsize=1_000)
def _program_keys(deployment_key: str, program_id: UUID) -> ProgramKeys:
    return ProgramKeys(
        wrapping=derive_key(deployment_key, f"galleria member keys 1|{program_id}"),
        index=derive_key(deployment_key, f"galleria blind index 1|{program_id}"),
    )
