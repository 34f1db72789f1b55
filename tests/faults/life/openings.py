"""Opening balances that another system brings."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from shared.ids import new_id
from tests.faults.life.books import MEMBERS, SHANGHAI, STARS_MAX, Books, end_of_day, now_and_then
from tests.faults.life.tally import rule
from tests.points.importing import begin, lines_of, post, told_of, work_step

# An import takes as long as fifteen other steps.
IMPORTS_EACH = 5
ROWS: Any = st.lists(
    st.tuples(
        MEMBERS,
        st.sampled_from(["points", "points", "points", "stars"]),
        st.integers(1, 30),
        st.sampled_from([None, 0, 2]),
    ),
    min_size=1,
    max_size=3,
)
_STEP_ROWS = 2


class Openings(Books):
    """Rules of imports."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []

    @now_and_then(IMPORTS_EACH)
    @rule(rows=ROWS, how=st.sampled_from(["once", "twice", "before"]))
    def bring_in(self, rows: list[Any], how: str) -> None:
        """Each row once, also when a second file brings it too; what came before is refused."""
        rows = [(self.heir_of(member), *more) for member, *more in rows]
        references = [new_id().hex for _ in rows]
        if came := how == "before" and bool(self.references):
            references[0] = self.references[-1]
        lines = [self._line(*one) for one in zip(references, rows, strict=True)]
        is_good = not came and not self._is_too_much(rows)
        status = "checked" if is_good else "refused"
        files = [self._checked(lines, status) for _ in range(2 if how == "twice" else 1)]
        if is_good:
            self._post(files[0], (len(rows), 0))
            for member, wallet, points, lasts_days in rows:
                purse = (self.purses if wallet == "points" else self.stars)[member]
                ends = None if lasts_days is None else end_of_day(self.now, lasts_days)
                purse.earn(points, "opening", ends)
            self.references += references
        for file in files[1:] if is_good else ():
            self._post(file, (0, len(rows)))
        self.compare()

    def _line(self, reference: str, row: Any) -> dict[str, Any]:
        member, wallet, points, lasts_days = row
        today = self.now.astimezone(SHANGHAI).date()
        line = {"reference": reference, "member_id": str(self.ids[member]), "points": points}
        line |= {"wallet": wallet, "earned_on": today.isoformat()}
        if lasts_days is not None:
            line["expires_on"] = (today + timedelta(days=lasts_days)).isoformat()
        return line

    def _is_too_much(self, rows: list[Any]) -> bool:
        """Of stars a purse has a limit."""
        news = [0] * len(self.stars)
        for member, wallet, points, _ in rows:
            news[member] += points if wallet == "stars" else 0
        pairs = zip(self.stars, news, strict=True)
        return any(new and purse.balance + new > STARS_MAX for purse, new in pairs)

    def _checked(self, lines: list[dict[str, Any]], status: str) -> tuple[str, dict[str, Any]]:
        """A file whose dry run has ended like that: its address, and what is agreed of it."""
        content = lines_of(lines)
        agreed = told_of(content, rows=len(lines), points=sum(line["points"] for line in lines))
        address = self.world.do(begin(self.mall, content))
        self._work(post(self.mall, f"{address}/checks", agreed))
        told = self.world.do(self.mall.get(address)).json()
        assert told["status"] == status, told
        return address, agreed

    def _post(self, file: tuple[str, dict[str, Any]], rows: tuple[int, int]) -> None:
        """It is committed, and so many rows are posted, and so many refused."""
        address, agreed = file
        self._work(post(self.mall, f"{address}/commits", agreed))
        told = self.world.do(self.mall.get(address)).json()
        assert (told["status"], told["rows_posted"], told["rows_refused"]) == ("done", *rows), told

    def _work(self, asked: Any) -> None:
        assert self.world.do(asked).status_code == 202
        while self.world.do(work_step(self.mall, rows_max=_STEP_ROWS)):
            pass
