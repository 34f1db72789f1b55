"""Why a reward was given, in one sentence a language."""

from collections.abc import Mapping

from services.campaigns.domain.rules.campaigns import Campaign, PointsMultiplier, SpendAndGet


def money(amount_minor: int) -> str:
    """Minor units with two decimals and thousands: 179900 is 1,799.00."""
    return f"{amount_minor // 100:,}.{amount_minor % 100:02d}"


def explain_spending(
    campaign: Campaign,
    rule: SpendAndGet,
    threshold_minor: int,
    used_minor: int,
    gift: Mapping[str, str],
) -> dict[str, str]:
    """The sentences of a spend-and-get reward; `gift` has its names, none for points."""
    whole = money(threshold_minor)
    zh_basis, en_basis = (
        ("当日累计", "on one day") if rule.basis == "day" else ("单笔", "on one receipt")
    )
    zh_gets = gift.get("zh-CN") or f"{rule.reward.points} 积分"
    en_gets = gift.get("en") or f"{rule.reward.points} points"
    return {
        "zh-CN": f"活动“{campaign.name_zh}”第 {campaign.version} 版：{zh_basis}消费满 {whole} "
        f"{rule.currency}，获得{zh_gets}；使用消费额 {money(used_minor)}。",
        "en": f"“{campaign.name_en}”, version {campaign.version}: spend {whole} {rule.currency} "
        f"{en_basis} and get {en_gets}; {money(used_minor)} was used for it.",
    }


def explain_bonus(
    campaign: Campaign, rule: PointsMultiplier, base_micro: int, points: int, tier: str | None
) -> dict[str, str]:
    """The sentences of a multiplier's bonus; base points are shown to three decimals."""
    factor = f"{rule.factor_thousandths / 1000:g}"
    base = f"{base_micro // 1_000_000}.{base_micro % 1_000_000 // 1000:03d}"
    zh_tier = f"（购买时等级 {tier}）" if rule.tiers else ""
    en_tier = f" for tier {tier} at the purchase" if rule.tiers else ""
    return {
        "zh-CN": f"活动“{campaign.name_zh}”第 {campaign.version} 版：符合条件的商品{zh_tier}"
        f"基础积分 {base} × {factor} 倍，多得 {points} 积分。",
        "en": f"“{campaign.name_en}”, version {campaign.version}: {base} base points in scope"
        f"{en_tier} count × {factor}, {points} points more.",
    }
