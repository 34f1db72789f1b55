"""An import begins empty."""

from tests.points.importing import begin
from tests.points.mall import Mall


async def test_an_import_begins_empty_and_says_who_began_it(mall: Mall) -> None:
    told = (await mall.get(await begin(mall, file_format="csv"))).json()
    assert (told["status"], told["file_format"], told["rows_read"]) == ("uploading", "csv", 0)
    assert told["made_by"]
