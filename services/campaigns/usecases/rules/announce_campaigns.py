"""Tell again which campaigns are live, so that a new listener can start from nothing."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.campaigns import CampaignPublished
from shared.outbox import News, tell


async def announce_campaigns(session: AsyncSession, now: datetime) -> int:
    """Returns how many live campaigns were told, over all programmes."""
    rows = await session.execute(
        text(
            "SELECT c.program_id, c.campaign_id, v.version, v.spec "
            "FROM campaign c JOIN campaign_version v ON v.program_id = c.program_id "
            "AND v.campaign_id = c.campaign_id AND v.version = c.live_version "
            "WHERE c.status = 'live' ORDER BY c.program_id, c.campaign_id FOR SHARE OF c"
        )
    )
    news = []
    for row in rows:
        spec = row.spec
        event = CampaignPublished(
            program_id=row.program_id,
            campaign_id=row.campaign_id,
            version=row.version,
            kind=spec["rule"]["kind"],
            name=spec["name"]["zh"],
            starts_at=datetime.fromisoformat(spec["starts_at"]),
            ends_at=datetime.fromisoformat(spec["ends_at"]),
        )
        news.append(News(event, now))
    await tell(session, news)
    return len(news)
