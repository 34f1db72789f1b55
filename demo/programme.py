"""What the mall group decided for the year: how points are earned, which campaigns ran.

All of it is back-dated, and all of it is made once: a second replay finds it by name.
"""

from datetime import date, datetime
from typing import Any

from demo.stack import Staff
from demo.year import Year, choose_year, year_from

CURRENCY = "CNY"
GIFT_SKU = "demo-tea-set"
GIFT_STOCK = 100_000  # ample: who gets one does not depend on who comes first


def make_programme(staff: Staff, now: datetime) -> Year:
    """Policy, gift and campaigns, unless they are there; the year that they are for."""
    year = _make_policy(staff, now)
    name = {"zh": "青瓷茶具", "en": "Celadon tea set"}
    stock = [{"mall_id": None, "initial": GIFT_STOCK}]
    staff.send("PUT", "campaigns", f"/v1/gifts/{GIFT_SKU}", {"name": name, "stock": stock})
    known = {_name(one): one for one in staff.pages("campaigns", "/v1/campaigns")}
    for code, spec in campaigns(year).items():
        one = known.get(spec["name"]["en"])
        if one is None:
            one = staff.send("POST", "campaigns", "/v1/campaigns", spec, key=f"demo-{code}")
        if one["status"] == "draft":
            staff.send("POST", "campaigns", f"/v1/campaigns/{one['campaign_id']}/publish", None)
    return year


def _make_policy(staff: Staff, now: datetime) -> Year:
    stored = [p for p in staff.get("points", "/v1/earning-policies") if p["version"] > 0]
    if stored:
        return year_from(datetime.fromisoformat(stored[0]["effective_from"]), now)
    year = choose_year(now)
    staff.send("POST", "points", "/v1/earning-policies", earning_policy(year))
    return year


def _name(campaign: dict[str, Any]) -> str:
    spec = campaign["draft"] or campaign["versions"][-1]["spec"]
    return str(spec["name"]["en"])


def earning_policy(year: Year) -> dict[str, Any]:
    """A point for 1.00, two for beauty, one for 2.00 of fuel; more for higher tiers."""
    return {
        "effective_from": year.starts_at.isoformat(),
        "programme": {"points": 1, "per_minor": 100},
        "categories": {
            "beauty": {"points": 2, "per_minor": 100},
            "fuel": {"points": 1, "per_minor": 200},
        },
        "tier_multipliers_milli": {"silver": 1100, "gold": 1250, "diamond": 1500},
        "rounding": "floor",
        "expires_months": 24,
    }


def campaigns(year: Year) -> dict[str, dict[str, Any]]:
    """The specs by a code that never changes.

    Only the one of a single month has a limit, so that months may be replayed in any order.
    """
    whole_year = (year.starts_at, year.ends_at)
    one_month = (year.day(date(2017, 3, 1)), year.day(date(2017, 4, 1)))
    bonus = {"kind": "points", "points": 200}
    gift = {"kind": "gift", "gift_sku": GIFT_SKU}
    return {
        "spend-100": _campaign("满百送积分", "Spend 100, get 200 points", one_month)
        | {"rule": _spend("day", 10_000, bonus) | {"limit_per_member": 3}},
        "tea-set": _campaign("满额赠茶具", "A tea set for a big basket", whole_year)
        | {"rule": _spend("receipt", 20_000, gift)},
        "weekend": _campaign("周末美妆花艺双倍积分", "Double points at weekends", whole_year)
        | {"rule": _multiply(2000, ["beauty", "flowers_garden"]) | {"weekdays": [6, 7]}},
        "evening": _campaign("金卡晚市", "Gold evenings at the bakery", whole_year)
        | {
            "rule": _multiply(1500, ["deli_bakery"])
            | {"from_time": "18:00", "until_time": "22:00", "tiers": ["gold", "diamond"]}
        },
    }


def _campaign(zh: str, en: str, period: tuple[datetime, datetime]) -> dict[str, Any]:
    starts_at, ends_at = period
    return {
        "name": {"zh": zh, "en": en},
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
    }


def _spend(basis: str, threshold_minor: int, reward: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "spend_and_get",
        "basis": basis,
        "currency": CURRENCY,
        "member_threshold_minor": threshold_minor,
        "grant": "automatic",
        "reward": reward,
    }


def _multiply(factor_thousandths: int, categories: list[str]) -> dict[str, Any]:
    return {
        "kind": "points_multiplier",
        "scope": {"categories": categories},
        "factor_thousandths": factor_thousandths,
    }
