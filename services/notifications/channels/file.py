"""The file channel, for development: one JSON line a message, appended to a file a programme.

At least once: a crash between writing and confirming writes the same message again, with the
same `message_id`, so that a duplicate can be seen.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.notifications.domain.messages import OutgoingMessage
from shared.errors import Unavailable


class FileChannelUnavailable(Unavailable):
    """The folder cannot be written to. The messages stay leased and go again later."""


async def send_to_file(folder: Path, outgoing: Sequence[OutgoingMessage], now: datetime) -> None:
    """Append each message to `folder/<program_id>.jsonl`. Raises `FileChannelUnavailable`."""
    lines: dict[UUID, list[str]] = {}
    for message in outgoing:
        lines.setdefault(message.due.program_id, []).append(_line(message, now))
    try:
        await asyncio.to_thread(_append, folder, lines)
    except OSError as error:
        raise FileChannelUnavailable("The file channel's folder cannot be written to.") from error


def _line(message: OutgoingMessage, now: datetime) -> str:
    due, wording = message.due, message.wording
    return json.dumps(
        {
            "message_id": str(due.message_id),
            "member_id": str(due.member_id),
            "cause_kind": due.kind.value,
            "cause_id": due.cause_id,
            "template": due.template_name,
            "title": wording.title,
            "body": wording.body,
            "written_at": now.isoformat(),
        },
        ensure_ascii=False,
    )


def _append(folder: Path, lines: dict[UUID, list[str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for program_id, batch in lines.items():
        data = "".join(f"{line}\n" for line in batch).encode()
        # Appended in one piece, so that two workers' lines never mix.
        with (folder / f"{program_id}.jsonl").open("ab", buffering=0) as file:
            written = file.write(data)
            if written != len(data):
                raise OSError(f"{written} of {len(data)} bytes were written to {file.name}")
            os.fsync(file.fileno())
