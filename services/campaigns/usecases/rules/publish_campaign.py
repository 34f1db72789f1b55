"""Make a campaign's draft its next version, immutable and live."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.errors import CampaignHasEnded, ScopeUnknown
from services.campaigns.storage.directory.directory import list_unknown
from services.campaigns.storage.receipts.rescores import insert_rescore
from services.campaigns.storage.rules.campaigns import insert_version, lock_campaign
from services.campaigns.storage.rules.handbook import renew_handbook
from shared.contracts.campaigns import CampaignPublished
from shared.outbox import News, tell

# A till's clock may run ahead of ours: receipts from after `now` may be stored already.
SKEW_MAX = timedelta(days=1)


async def publish_campaign(
    session: AsyncSession, now: datetime, program_id: UUID, campaign_id: UUID, staff: str
) -> None:
    """Publish the draft; a live campaign without a draft is left as it is, so a repeat is safe.

    The first version decides from its `starts_at` on, in the past too: receipts that are stored
    already are judged by a job. Later versions decide what is bought from now on. Raises
    `CampaignUnknown`, `CampaignHasEnded`, `ScopeUnknown`.
    """
    # No receipt is judged while we hold this: either it saw the old rules and the job finds it,
    # or it sees the new ones.
    await renew_handbook(session, program_id)
    campaign = await lock_campaign(session, program_id, campaign_id)
    if campaign.status == "ended":
        raise CampaignHasEnded("This campaign has ended. Make a new one.")
    if campaign.draft is None:
        return
    spec = campaign.draft
    await _check_scope(session, program_id, spec["rule"])
    version = (campaign.live_version or 0) + 1
    await insert_version(session, program_id, now, campaign_id, version, spec, staff)
    starts_at = datetime.fromisoformat(spec["starts_at"])
    ends_at = datetime.fromisoformat(spec["ends_at"])
    await insert_rescore(
        session,
        program_id,
        "campaign_published",
        starts_at if version == 1 else now,
        ends_at if version == 1 else now + SKEW_MAX,
    )
    event = CampaignPublished(
        program_id=program_id,
        campaign_id=campaign_id,
        version=version,
        kind=spec["rule"]["kind"],
        name=spec["name"]["zh"],
        starts_at=starts_at,
        ends_at=ends_at,
    )
    await tell(session, [News(event, now)])


async def _check_scope(session: AsyncSession, program_id: UUID, rule: Mapping[str, Any]) -> None:
    scope = rule["scope"]
    named: dict[str, list[Any]] = {
        "mall": [UUID(m) for m in scope["mall_ids"]],
        "shop": [UUID(s) for s in scope["shop_ids"]],
        "brand": scope["brands"],
        "category": scope["categories"],
    }
    if "reward" in rule and rule["reward"]["kind"] == "gift":
        named["gift"] = [rule["reward"]["gift_sku"]]
    unknown = {}
    for table, values in named.items():
        if values and (missing := await list_unknown(session, program_id, table, values)):
            unknown[table] = missing
    if unknown:
        raise ScopeUnknown("The campaign names things that are not known here.", unknown=unknown)
