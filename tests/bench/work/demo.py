"""A row about the first thing that a newcomer sees."""

import asyncio
import os
import sys
import tempfile
import time

from tests.bench.processes import ROOT
from tests.bench.rows import Verdict

GOAL_SECONDS = 10.0


async def demo_to_its_end() -> Verdict:
    """How long `demo` takes, from the command to its last line: two copies go to another region in it."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "demo",
            stdout=asyncio.subprocess.DEVNULL, cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        code = await process.wait()
        seconds = time.perf_counter() - began
    assert code == 0, code
    return Verdict(
        what="The demo, from the command to its last line",
        goal=f"less than {GOAL_SECONDS:g} s",
        unit="s",
        measured=seconds,
        references=(),
        holds=seconds < GOAL_SECONDS,
    )
