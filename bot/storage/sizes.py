"""How big the bot's files are."""

from collections.abc import Mapping
from pathlib import Path

from bot.storage.database import catalogue_path
from bot.storage.workflow_file import workflow_path


def file_sizes(path: Path) -> Mapping[str, int]:
    """Bytes of each file, with what is not in the file itself yet. Blocks.

    Args:
        path: of the bot's file.
    """
    files = {"record": path, "catalogue": catalogue_path(path), "workflows": workflow_path(path)}
    return {name: _size(each) + _size(each.with_name(f"{each.name}-wal")) for name, each in files.items()}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
