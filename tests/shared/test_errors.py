"""Refusals: their codes and categories."""

import pytest

from shared.errors import (
    Category,
    Conflict,
    DomainError,
    Forbidden,
    Malformed,
    NotFound,
    Rejected,
    Unauthenticated,
    Unavailable,
)


class InsufficientPoints(Rejected):
    """An example."""


class SkuURLGone(NotFound):
    """Letters in a row are a letter each: names are written as words."""


def test_a_code_is_the_class_name_in_snake_case() -> None:
    assert InsufficientPoints.code == "insufficient_points"
    assert SkuURLGone.code == "sku_u_r_l_gone"


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (Malformed, Category.MALFORMED),
        (InsufficientPoints, Category.REJECTED),
        (SkuURLGone, Category.NOT_FOUND),
        (Conflict, Category.CONFLICT),
        (Forbidden, Category.FORBIDDEN),
        (Unauthenticated, Category.UNAUTHENTICATED),
        (Unavailable, Category.UNAVAILABLE),
    ],
)
def test_a_subclass_has_the_category_of_its_parent(
    error: type[DomainError], category: Category
) -> None:
    assert error.category is category


def test_a_refusal_carries_its_facts() -> None:
    error = InsufficientPoints("60 more are needed.", shortfall=60)
    assert (str(error), error.detail, error.facts) == (
        "60 more are needed.",
        "60 more are needed.",
        {"shortfall": 60},
    )
