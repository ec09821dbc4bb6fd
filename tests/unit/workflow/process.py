"""A process of the bot, made as small as can be: one copy, with a file of lines for a record.

process.py RECORD WORKFLOW_FILE [ENGINE]: works on ``copy-1``, which is open until the record says ``ended``. Every
time somebody begins to work on it there is a line ``began BY``; it ends once a line says ``may end``. With ENGINE,
the engine is that file instead of the bot's own. SIGTERM stops it.
"""

import asyncio
import importlib.util
import os
import signal
import sys
from pathlib import Path

from bot.workflow import engine
from tests.fakes.conditions import until


def lines_of(record: Path) -> list[str]:
    return record.read_text().splitlines() if record.exists() else []


def write(record: Path, line: str) -> None:
    with record.open("a") as file:
        file.write(f"{line}\n")


def engine_class(other: str | None) -> type[engine.DurableEngine]:
    if other is None:
        return engine.DurableEngine
    specification = importlib.util.spec_from_file_location("other_engine", other)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["other_engine"] = module
    specification.loader.exec_module(module)
    kind = module.DurableEngine
    assert issubclass(kind, object)
    return kind  # type: ignore[no-any-return]  # read from a file, on purpose


async def work(record: Path, workflow_file: str, other_engine: str | None) -> None:
    async def carry_out(copy_id: str) -> None:
        assert copy_id == "copy-1"
        write(record, f"began {os.getpid()}")
        await until(lambda: "may end" in lines_of(record), seconds=60)
        write(record, f"ended {os.getpid()}")

    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    bot = engine_class(other_engine)(f"sqlite:///{workflow_file}", polling_seconds=0.01)
    is_open = not any(line.startswith("ended") for line in lines_of(record))
    await bot.launch(carry_out, ["copy-1"] if is_open else [])
    write(record, f"launched {os.getpid()}")
    await stopped.wait()
    await bot.aclose()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
