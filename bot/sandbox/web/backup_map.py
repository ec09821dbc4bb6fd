"""The cloud at a glance: which backup is in which region, what it was made from, and what is being copied."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from bot.sandbox.backup import StoredBackup
from bot.sandbox.cloud import SimulatedCloud


@dataclass(slots=True)
class _Row:
    """One backup with all its copies: the regions it is in."""

    first: StoredBackup
    there: dict[str, StoredBackup] = field(default_factory=dict)


def backup_map(cloud: SimulatedCloud) -> dict[str, object]:
    """The map as JSON: `regions`, `databases` with their backups as rows (each below the one it was made from),
    `copies` that run with their progress from 0 to 1, and the clock's `speed`.
    """
    running = cloud.copies.running()
    rows = _rows(cloud)
    owned: dict[str, dict[str, _Row]] = defaultdict(dict)
    for content, row in rows.items():
        owned[row.first.instance_id or row.first.ha_id or ""][content] = row
    arriving = {(copy.region, copy.backup.content): progress for copy, progress in running}
    return {
        "speed": cloud.clock.speed,
        "regions": list(cloud.stores),
        "databases": [
            {"id": owner, "name": _name(list(own.values())), "backups": list(_tree(own, rows, arriving))}
            for owner, own in sorted(owned.items(), key=lambda one: _newest(one[1].values()), reverse=True)
        ],
        "copies": [
            {
                "id": copy.backup.id,
                "name": copy.backup.name or copy.backup.id,
                "from": copy.source_region,
                "to": copy.region,
                "progress": round(progress, 3),
            }
            for copy, progress in running
        ],
    }


def _rows(cloud: SimulatedCloud) -> dict[str, _Row]:
    rows: dict[str, _Row] = {}
    for region in cloud.stores:
        for backup in cloud.backups(region):
            row = rows.setdefault(backup.content, _Row(backup))
            if region not in row.there or backup.status == "COMPLETED":
                row.there[region] = backup
    return rows


def _tree(
    own: Mapping[str, _Row], rows: Mapping[str, _Row], arriving: Mapping[tuple[str, str], float]
) -> Iterator[dict[str, object]]:
    """The backups of one database: the newest chain first, each chain from its full backup on."""
    children: dict[str, list[str]] = defaultdict(list)
    roots: list[str] = []
    for content, row in own.items():
        parent = row.first.parent_content
        (children[parent] if parent is not None and parent in own else roots).append(content)
    waiting = [(content, 0) for content in sorted(roots, key=lambda one: own[one].first.created)]
    while waiting:
        content, depth = waiting.pop()
        row = own[content]
        waiting += [(one, depth + 1) for one in sorted(children[content], key=lambda one: own[one].first.created)]
        first = row.first
        yield {
            "content": content,
            "name": first.name or first.id,
            "depth": depth,
            "is_incremental": first.parent_content is not None,
            "is_orphan": first.parent_content is not None and first.parent_content not in rows,
            "size": first.size,
            "created": first.created.timestamp(),
            "regions": {
                region: {"id": one.id, "status": one.status, "progress": arriving.get((region, content))}
                for region, one in row.there.items()
            }
            | {
                region: {"id": None, "status": "NEW", "progress": progress}
                for (region, copied), progress in arriving.items()
                if copied == content and region not in row.there
            },
        }


def _name(rows: Sequence[_Row]) -> str:
    """The words with which the names of all backups of a database begin: what a reader would call it."""
    names = [(row.first.name or "").split("-") for row in rows]
    common = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*names, strict=False))]
    while common and (common[-1] in ("nightly", "weekly", "full", "manual") or common[-1].isdigit()):
        common.pop()
    return "-".join(common) or "backups"


def _newest(rows: Iterable[_Row]) -> float:
    return max(row.first.created.timestamp() for row in rows)
