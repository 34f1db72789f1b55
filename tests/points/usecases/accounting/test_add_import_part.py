"""Parts of an import: replaced while it is filled, refused afterwards."""

from tests.points.importing import begin, post, put_part, told_of, work_until_rest
from tests.points.mall import Mall


async def put(mall: Mall, address: str, content: bytes) -> tuple[int, str]:
    answer = await put_part(mall, address, content)
    return answer.status_code, answer.json().get("code", "")


async def test_the_same_part_again_replaces_it(mall: Mall) -> None:
    address = await begin(mall, b"wrong")
    assert await put(mall, address, b"{}\n") == (200, "")
    await post(mall, f"{address}/checks", told_of(b"{}\n", rows=1, points=1))
    told = await work_until_rest(mall, address)
    assert (told["rows_read"], told["why_refused"]) == (1, "rows_are_wrong")


async def test_no_part_comes_after_the_dry_run_began(mall: Mall) -> None:
    address = await begin(mall, b"{}\n")
    await post(mall, f"{address}/checks", told_of(b"{}\n", rows=1, points=1))
    assert await put(mall, address, b"{}\n") == (409, "import_in_wrong_state")
    await work_until_rest(mall, address)
