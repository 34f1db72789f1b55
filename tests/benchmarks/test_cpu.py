"""Processor time of processes."""

import os
import subprocess
import sys
import time

from benchmarks.cpu import CpuMeter, children_of


def test_the_time_of_a_child_counts_for_its_parent() -> None:
    meter = CpuMeter({"this": [os.getpid()]})
    burn = "import time\nwhile time.process_time() < 0.3: pass\ninput()"
    with subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE) as child:
        assert child.pid in children_of(os.getpid())
        deadline = time.monotonic() + 60
        while meter.used_seconds()["this"] < 0.3:
            assert time.monotonic() < deadline
        child.communicate(b"\n")
    assert meter.used_seconds()["this"] >= 0.3
