"""The ceiling of single requests: PostgreSQL's own `pgbench`, TPC-B, prepared, on the same server.

The scale is above the number of clients, else they would queue for a branch's one row.
"""

import os
import re
import subprocess
from urllib.parse import urlsplit

from benchmarks.cpu import CpuMeter
from benchmarks.engines import Engines
from benchmarks.measures import Trial
from deploy.local.postgres_home import program_folder

SCALE = 50
CLIENTS = 32


def prepare_pgbench(engines: Engines, row: int) -> str:
    """URL of a new database with TPC-B's tables, vacuumed and analysed; one for each row."""
    url = engines.create_database(f"pgbench_{row}")
    _pgbench(url, "-i", "-q", "-s", str(SCALE))
    return url


def run_pgbench(engines: Engines, url: str, seconds: int) -> Trial:
    """TPC-B with 32 clients; latency is pgbench's average, it knows no percentiles."""
    meter = CpuMeter({"PostgreSQL": [engines.postgres.pid]})
    said = _pgbench(url, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds))
    used = meter.used_seconds()
    rate = float(_found(r"tps = ([0-9.]+)", said))
    units = int(_found(r"transactions actually processed: (\d+)", said))
    return Trial(
        units,
        units / rate,
        p50_ms=float(_found(r"latency average = ([0-9.]+) ms", said)),
        cpu_us={name: spent / units * 1e6 for name, spent in used.items()},
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"pgbench said something else:\n{text[-2000:]}")
    return match[1]


def _pgbench(url: str, *arguments: str) -> str:
    parts = urlsplit(url)
    command = [str(program_folder() / "pgbench"), "-h", str(parts.hostname), "-p", str(parts.port)]
    command += ["-U", str(parts.username), *arguments, parts.path.lstrip("/")]
    done = subprocess.run(
        command,
        env={**os.environ, "PGPASSWORD": str(parts.password)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"pgbench failed:\n{done.stderr[-2000:]}")
    return done.stdout
