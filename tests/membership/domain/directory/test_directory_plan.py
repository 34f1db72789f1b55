"""Deciding what the directory becomes."""

from itertools import count
from uuid import UUID

from services.membership.domain.directory.directory import (
    LabelWanted,
    MallWanted,
    Scope,
    ShopWanted,
    TillWanted,
)
from services.membership.domain.directory.directory_plan import (
    Directory,
    DirectoryPlan,
    DirectoryWanted,
    plan_directory,
)

EVERYTHING = DirectoryWanted(
    malls=(MallWanted("m", "Mall", "Asia/Shanghai", "CNY"),),
    brands=(LabelWanted("b", "Brand"),),
    categories=(LabelWanted("c", "Category"),),
    shops=(ShopWanted("s", "Shop", "m", "b", "c", True),),
    tills=(TillWanted("s", "T1", True),),
)


def plan(known: Directory, wanted: DirectoryWanted, scope: Scope | None = None) -> DirectoryPlan:
    numbers = count(len(known.malls) + len(known.shops) + 1)
    return plan_directory(known, wanted, scope or Scope(), "CNY", lambda: UUID(int=next(numbers)))


def statuses(planned: DirectoryPlan) -> list[str]:
    return [outcome.status for outcome in planned.outcomes]


def codes(planned: DirectoryPlan) -> list[str | None]:
    return [o.error.code if o.error else None for o in planned.outcomes]


def test_later_kinds_name_earlier_ones_of_the_same_request() -> None:
    assert statuses(plan(Directory(), EVERYTHING)) == ["created"] * 5


def test_the_same_again_writes_and_tells_nothing() -> None:
    known = Directory()
    plan(known, EVERYTHING)
    again = plan(known, EVERYTHING)
    assert statuses(again) == ["unchanged"] * 5
    written = (again.malls, again.brands, again.categories, again.shops, again.tills)
    assert not any(written)


def test_a_renamed_mall_leaves_its_shops_alone() -> None:
    known = Directory()
    plan(known, EVERYTHING)
    renamed = DirectoryWanted(malls=(MallWanted("m", "New", "Asia/Shanghai", "CNY"),))
    changed = plan(known, renamed)
    assert (statuses(changed), changed.malls["m"].revision, changed.shops) == (["changed"], 2, {})


def test_a_mall_in_another_zone_takes_its_shops_along() -> None:
    known = Directory()
    plan(known, EVERYTHING)
    moved = plan(known, DirectoryWanted(malls=(MallWanted("m", "Mall", "Asia/Tokyo", "CNY"),)))
    assert moved.shops["s"].revision == 2


def test_a_till_that_is_switched_off_and_on_keeps_its_key() -> None:
    known = Directory()
    plan(known, EVERYTHING)
    off = plan(known, DirectoryWanted(tills=(TillWanted("s", "T1", False),)))
    (till,) = off.tills.values()
    assert (till.is_active, till.key_version, till.revision) == (False, 1, 2)


def test_each_bad_item_is_refused_by_its_own_reason() -> None:
    wanted = DirectoryWanted(
        malls=(MallWanted("x", "X", "Nowhere", "CNY"), MallWanted("y", "Y", "Asia/Tokyo", "JPY")),
        shops=(
            ShopWanted("s1", "S", "none", None, None, True),
            ShopWanted("s2", "S", "m", "none", None, True),
            ShopWanted("s3", "S", "m", None, "none", True),
        ),
        tills=(TillWanted("none", "T1", True),),
    )
    known = Directory()
    plan(known, EVERYTHING)
    assert codes(plan(known, wanted)) == [
        "time_zone_unknown",
        "currency_mismatch",
        "mall_unknown",
        "brand_unknown",
        "category_unknown",
        "shop_unknown",
    ]


def test_a_shop_does_not_leave_ones_scope_nor_come_into_it() -> None:
    known = Directory()
    plan(known, EVERYTHING)
    plan(known, DirectoryWanted(malls=(MallWanted("m2", "M2", "Asia/Tokyo", "CNY"),)))
    ours, theirs = known.malls["m"].mall_id, known.malls["m2"].mall_id
    move = DirectoryWanted(shops=(ShopWanted("s", "Shop", "m2", "b", "c", True),))
    for scope in (Scope(frozenset({ours})), Scope(frozenset({theirs}))):
        assert codes(plan(known, move, scope)) == ["out_of_scope"]
    assert statuses(plan(known, move, Scope(frozenset({ours, theirs})))) == ["changed"]
