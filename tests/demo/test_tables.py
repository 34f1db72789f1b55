"""The tables beside the receipts fit each other."""

from collections import Counter

from demo.tables import brand_of_maker, brands, categories, departments, malls, shops


def test_every_department_leads_to_a_category_and_every_category_has_one() -> None:
    assert set(departments().values()) == {category.code for category in categories()}
    assert departments()[""] == "other"


def test_the_four_malls_have_the_same_number_of_receipts() -> None:
    receipts: Counter[str] = Counter()
    for shop in shops():
        receipts[shop.mall] += shop.receipts
    assert dict(receipts) == dict.fromkeys((mall.code for mall in malls()), 155_848 // 4)


def test_shops_are_listed_once_each() -> None:
    numbers = [shop.number for shop in shops()]
    assert len(numbers) == 457
    assert numbers == sorted(set(numbers))


def test_makers_have_brands_that_exist() -> None:
    assert set(brand_of_maker().values()) < {brand.code for brand in brands()}
    assert len(brand_of_maker()) == 8


def test_codes_are_unique_and_all_places_are_named_in_both_languages() -> None:
    for places in (malls(), categories(), brands()):
        assert len({place.code for place in places}) == len(places)
        assert all(place.name_en and place.name_zh for place in places)
