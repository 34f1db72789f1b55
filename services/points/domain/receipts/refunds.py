"""What a refund takes back: in proportion, the same in any order, never more than was earned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from services.points.domain.receipts.earning import Rating, RoundingLevel, round_points
from services.points.domain.receipts.errors import RefundExceedsSale, RefundLineUnknown
from services.points.domain.receipts.receipts import Line

RefundedByLine = Mapping[int, int]
_MILLI = 1_000


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of the sale as far as a refund must respect it."""

    line_number: int
    amount_minor: int


def refunded_by_line(refunds: Iterable[Sequence[Line]]) -> dict[int, int]:
    """Minor units refunded so far, by the sale's line number."""
    total: dict[int, int] = {}
    for lines in refunds:
        for line in lines:
            number = sold_line_number(line)
            total[number] = total.get(number, 0) + line.amount_minor
    return total


def sold_line_number(line: Line) -> int:
    """The line of the sale that a refund's line undoes: the one it names, or its own number."""
    return line.line_number if line.original_line_number is None else line.original_line_number


def check_refund(sold: Sequence[SoldLine], refunded: RefundedByLine, lines: Sequence[Line]) -> None:
    """Raise `RefundLineUnknown` or `RefundExceedsSale` when the refund does not fit the sale."""
    amounts = {line.line_number: line.amount_minor for line in sold}
    for number, amount_minor in refunded_by_line([lines]).items():
        if number not in amounts:
            raise RefundLineUnknown(f"The sale has no line {number}.", line_number=number)
        left = amounts[number] - refunded.get(number, 0)
        if amount_minor > left:
            raise RefundExceedsSale(
                f"Line {number} has {left} left to refund.",
                line_number=number,
                refundable_minor=left,
            )


def clawed_total(
    earned: int, rating: Rating, refunded: RefundedByLine, tier: str | None = None
) -> int:
    """How many of `earned` points the refunds so far take back, all together.

    The share is that of what the refunded lines earned (for a member of that tier), rounded down
    once, so the member keeps the fraction until the last line goes; then everything is taken. It is
    a function of the totals alone: the order of refunds does not matter, and it never falls.
    """
    lines = earned_by_line(rating, tier)
    whole = sum(worth for _, _, worth in lines)
    if not earned or not whole:
        return 0
    undone = sum(
        (
            Fraction(worth * refunded.get(number, 0), amount)
            for number, amount, worth in lines
            if amount and number in refunded
        ),
        Fraction(0),
    )
    return floor(earned * undone / whole)


def earned_by_line(rating: Rating, tier: str | None) -> Sequence[tuple[int, int, int | Fraction]]:
    """For each line its number, its amount, and what it earned as far as that can be told apart.

    Rounded line by line, it is the line's own points. Where rates are rounded or count full steps,
    each line has a share of what the rate gave, by what of it earned by that rate. Rounded once,
    and without steps, it is the exact worth: only proportions matter.
    """
    policy, factor = rating.policy, rating.multiplier_milli(tier)
    if policy.is_rounded_once:
        return rating.weights
    whole = rating.denominator * _MILLI
    by_line: list[int | Fraction]
    if policy.rounding_level is RoundingLevel.LINE:
        by_line = [
            round_points(worth * factor, whole, policy.rounding) for worth in rating.cut_by_line()
        ]
    else:
        is_rounded = policy.rounding_level is RoundingLevel.RULE
        of_each: dict[str, Fraction] = {}
        for part, eligible in rating.by_part():
            worth = part.cut(eligible, rating.scale) * part.unit
            given = round_points(worth * factor, whole, policy.rounding) if is_rounded else worth
            of_each[part.text] = Fraction(given, eligible or 1)
        by_line = [
            sum((eligible * of_each[part.text] for part in applied.parts), Fraction(0))
            for eligible, applied in rating.rated
        ]
    return [
        (number, amount, worth)
        for (number, amount, _), worth in zip(rating.weights, by_line, strict=True)
    ]
