import json
import os
from pathlib import Path

import pytest

from services.notifications.channels.file import FileChannelUnavailable, send_to_file
from services.notifications.domain.causes import CauseKind
from services.notifications.domain.messages import OutgoingMessage
from services.notifications.domain.wording import Wording
from shared.ids import new_id
from tests.notifications.domain.samples import make_due
from tests.support.clock import NOON


def outgoing(body: str = "Text", **values: object) -> OutgoingMessage:
    return OutgoingMessage(make_due(CauseKind.TIER_UP, **values), Wording("Title", body))


def read_lines(folder: Path) -> list[dict[str, str]]:
    [path] = folder.iterdir()
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_each_message_is_a_line_with_its_words_and_its_id(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    await send_to_file(folder, [outgoing("line\nbreak"), outgoing("中文")], NOON)
    await send_to_file(folder, [outgoing()], NOON)
    lines = read_lines(folder)
    assert [line["body"] for line in lines] == ["line\nbreak", "中文", "Text"]
    assert lines[0]["message_id"] == str(outgoing().due.message_id)
    assert lines[0]["template"] == "tier_up/en/0"


async def test_programmes_do_not_share_a_file(tmp_path: Path) -> None:
    one, two = new_id(), new_id()
    await send_to_file(tmp_path, [outgoing(program_id=one), outgoing(program_id=two)], NOON)
    assert set(os.listdir(tmp_path)) == {f"{one}.jsonl", f"{two}.jsonl"}


async def test_a_folder_that_cannot_be_made_is_a_matter_of_trying_later(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileChannelUnavailable):
        await send_to_file(tmp_path / "file", [outgoing()], NOON)
