"""The programme that the local stack starts with: four malls and all that they hold.

Codes are what clients name things by: a shop of the demo's data has the code `s` and its number,
each shop has the tills of TILL_IDS.
"""

from typing import Any

from demo.tables import brands, categories, malls, shops

PROGRAM_NAME = "Galleria"
TIME_ZONE = "Asia/Shanghai"
CURRENCY = "CNY"
REGION = "CN"
TILL_IDS = ("T1", "T2")
TIER_WINDOW_DAYS = 365
TIER_VALIDITY_DAYS = 365
# Of the households of the demo about 45 % spend enough in their year for silver, 19 % for gold
# and 4 % for diamond.
TIERS = (
    {"code": "member", "name": "会员 Member", "rank": 0, "threshold_minor": 0},
    {"code": "silver", "name": "银卡 Silver", "rank": 1, "threshold_minor": 150_000},
    {"code": "gold", "name": "金卡 Gold", "rank": 2, "threshold_minor": 300_000},
    {"code": "diamond", "name": "钻石 Diamond", "rank": 3, "threshold_minor": 600_000},
)


def shop_code(number: int) -> str:
    """The code of a shop of the demo's data."""
    return f"s{number}"


def demo_shop() -> str:
    """The code of the shop whose till is shown to whoever starts the stack: the busiest."""
    return shop_code(max(shops(), key=lambda shop: shop.receipts).number)


def tier_scheme() -> dict[str, Any]:
    """The four tiers, as membership takes them."""
    return {
        "window_days": TIER_WINDOW_DAYS,
        "validity_days": TIER_VALIDITY_DAYS,
        "tiers": list(TIERS),
    }


def directory() -> dict[str, list[dict[str, Any]]]:
    """Malls, brands, categories, shops and tills, as membership's directory takes them."""
    return {
        "malls": [
            {"code": mall.code, "name": f"{mall.name_zh} {mall.name_en}"}
            | {"time_zone": TIME_ZONE, "currency": CURRENCY}
            for mall in malls()
        ],
        "brands": [_label(brand.code, brand.name_zh, brand.name_en) for brand in brands()],
        "categories": [_label(one.code, one.name_zh, one.name_en) for one in categories()],
        "shops": [
            {"code": shop_code(shop.number), "name": f"{shop.number} 号店 Shop {shop.number}"}
            | {"mall": shop.mall, "brand": None, "category": None, "is_open": True}
            for shop in shops()
        ],
        "tills": [
            {"shop": shop_code(shop.number), "till_id": till_id, "is_active": True}
            for shop in shops()
            for till_id in TILL_IDS
        ],
    }


def _label(code: str, name_zh: str, name_en: str) -> dict[str, Any]:
    return {"code": code, "name": f"{name_zh} {name_en}"}
