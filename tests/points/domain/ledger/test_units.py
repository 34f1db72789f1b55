"""What the points of a wallet are called."""

import pytest

from services.points.domain.ledger.units import Unit, unit_of


@pytest.mark.parametrize(
    ("wallet", "name", "unit"),
    [
        ("points", None, Unit("积分", "points")),
        ("stars", "Stars", Unit("Stars", "Stars")),
        ("moons", None, Unit("moons", "moons")),
    ],
)
def test_points_are_points_and_another_wallet_goes_by_its_name_or_else_its_code(
    wallet: str, name: str | None, unit: Unit
) -> None:
    assert unit_of(wallet, name) == unit
