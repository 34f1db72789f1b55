"""What is told when there is no stack, or not the one that is needed."""

import json
from pathlib import Path

import pytest

from demo.stack import DemoProblem, read_stack
from shared.ids import new_id


def test_a_stack_that_is_not_up_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(DemoProblem, match="make up"):
        read_stack(tmp_path)


def test_a_stack_is_read_from_its_file(tmp_path: Path) -> None:
    program_id = new_id()
    said = {
        "program_id": str(program_id),
        "services": {"points": {"url": "http://127.0.0.1:8102"}},
        "databases": {"points": "postgresql://…"},
        "kafka": {"bootstrap_servers": "127.0.0.1:19092"},
        "credentials": {"staff": {"token": "a token"}},
    }
    (tmp_path / "stack.json").write_text(json.dumps(said))
    stack = read_stack(tmp_path)
    assert stack.program_id == program_id
    assert stack.urls == {"points": "http://127.0.0.1:8102"}
    assert stack.home == tmp_path
