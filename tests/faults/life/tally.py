"""What came of each step: Hypothesis's rules, counted."""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from hypothesis import stateful

NOTHING_ASKED, CHANGED, UNCHANGED = "nothing asked", "changed", "unchanged"


class Tally:
    """Steps by rule and outcome: the books changed, or not, or the code of the refusal."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.outcome = NOTHING_ASKED

    def __str__(self) -> str:
        """A line a rule, the most frequent first, and one for all; in per cent of all steps."""
        by_rule: dict[str, Counter[str]] = {"all": Counter()}
        for (rule_name, outcome), number in self.counts.items():
            by_rule.setdefault(rule_name, Counter())[outcome] += number
            by_rule["all"][outcome] += number
        whole = max(self.counts.total(), 1)
        ordered = sorted(by_rule.items(), key=lambda item: -item[1].total())
        return "\n".join(
            f"{name:>24} {100 * outcomes.total() / whole:5.1f}: "
            + ", ".join(f"{o} {100 * n / whole:.2f}" for o, n in outcomes.most_common())
            for name, outcomes in ordered
        )


def rule(**arguments: Any) -> Callable[[Callable[..., Any]], Any]:
    """Hypothesis's own, for machines with a `tally`."""
    mark: Callable[[Callable[..., Any]], Any] = stateful.rule(**arguments)

    def count(work: Callable[..., Any]) -> Any:
        @wraps(work)
        def step(machine: Any, **values: Any) -> Any:
            tally: Tally = machine.tally
            tally.outcome = NOTHING_ASKED
            made = work(machine, **values)
            tally.counts[work.__name__, tally.outcome] += 1
            return made

        return mark(step)

    return count
