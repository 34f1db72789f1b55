"""Log lines, as a process writes them."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import logging
from pydantic import BaseModel
from shared.logs import configure_logs, correlation_id, get_log, trace_parent

class Person(BaseModel):
    phone: int

configure_logs("bells", "INFO")
correlation_id.set("cause-1")
trace_parent.set("00-aa-bb-01")
log = get_log()
log.debug("not_told")
log.info("told", count=1)
logging.getLogger("uvicorn.error").error("from a library")
secret = "13800138000x"
try:
    Person.model_validate({"phone": secret})
except ValueError:
    log.exception("refused")
    logging.getLogger("sqlalchemy").exception("refused there")
"""


def test_lines_are_json_with_their_cause_and_without_personal_data() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "told",
        "from a library",
        "refused",
        "refused there",
    ]
    for line in lines:
        assert (line["service"], line["correlation_id"]) == ("bells", "cause-1")
        assert (line["traceparent"], line["timestamp"][-1]) == ("00-aa-bb-01", "Z")
    assert lines[2]["exception"][0]["frames"]
    assert "13800138000" not in ran.stderr
