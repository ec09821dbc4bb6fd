"""A backup among others to choose from: how it is offered, and what the choice says when it comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Option, OptionGroup, PlainTextObject

from bot.domain.backup import Backup, BackupStatus, Origin
from bot.slack.views.blocks import LONGEST_OPTION, LONGEST_VALUE, Json
from bot.slack.views.text import age, code, count, cut, plain, size

MOST_OPTIONS = 100
"""Options in one answer (``slack-platform.md``, Sizes)."""

STATUS_WORDS: Mapping[str, str] = {
    BackupStatus.NEW: "about to be made",
    BackupStatus.BUILDING: "still being made",
    BackupStatus.COPYING: "being copied just now",
    BackupStatus.FAILED: "failed",
    BackupStatus.DELETE_FAILED: "could not be deleted",
    BackupStatus.COPY_ERROR: "failed while being copied",
}
"""What a status means, after ``3 are``; a status that is not here is shown as it came."""

_MOST_STATUSES = 8


class ReadError(ValueError):
    """What came back is not what these modules draw."""


@dataclass(frozen=True, slots=True)
class ChosenBackup:
    """The backup in the form: enough to find it, and to draw it again.

    Attributes:
        label: its name, as the field shows it.
        summary: what is written beneath.
    """

    region: str
    id: str
    label: str
    summary: str = ""

    @classmethod
    def of(cls, backup: Backup, now: datetime) -> "ChosenBackup":
        """A backup as it is offered."""
        return cls(backup.region, backup.id, label(backup), summary(backup, now))

    def option(self) -> Option:
        """The option that is chosen when this backup is."""
        return Option(
            value=write_reference(self.region, self.id),
            text=PlainTextObject(text=self.label, emoji=False),
            description=PlainTextObject(text=self.summary, emoji=False) if self.summary else None,
        )


def write_reference(region: str, backup_id: str) -> str:
    """A backup in one word, for the value of an option or a button."""
    return f"{region}/{backup_id}"


def read_reference(value: str) -> tuple[str, str]:
    """Region and id of a backup, from what `write_reference` made.

    Raises:
        ReadError: it was not made by it.
    """
    region, slash, backup_id = value.partition("/")
    if not (region and slash and backup_id):
        raise ReadError(f"{cut(value, 50)!r} names no backup")
    return region, backup_id


def label(backup: Backup) -> str:
    """A backup's name as a choice; its id where it has none."""
    return cut(plain(backup.name) or backup.id, LONGEST_OPTION)


def kind(backup: Backup) -> str:
    """``incremental`` or ``full``."""
    return "incremental" if backup.is_incremental else "full"


def summary(backup: Backup, now: datetime) -> str:
    """What a backup is: ``incremental · mysql 5.6 · 1.4 GB · 6 hours ago``."""
    datastore = plain(str(backup.datastore)) if backup.datastore else "unknown datastore"
    facts = [kind(backup), cut(datastore, 30), size(backup.size_gb), age(backup.created, now)]
    return cut(" · ".join(facts), LONGEST_OPTION)


def options(backups: Sequence[Backup], now: datetime) -> Json:
    """The answer to a wish for backups: grouped by what they were made of, in the order given, 100 at most in all.

    A backup with an id too long to come back whole cannot be offered.
    """
    groups: dict[Origin | None, list[Option]] = {}
    fitting = (backup for backup in backups if len(write_reference(backup.region, backup.id)) <= LONGEST_VALUE)
    for backup, _ in zip(fitting, range(MOST_OPTIONS), strict=False):
        groups.setdefault(backup.origin, []).append(ChosenBackup.of(backup, now).option())
    if not groups:
        return {"options": []}
    return {
        "option_groups": [
            OptionGroup(label=PlainTextObject(text=origin_label(origin), emoji=False), options=choices).to_dict()
            for origin, choices in groups.items()
        ]
    }


def origin_label(origin: Origin | None) -> str:
    """``Instance`` or ``HA group`` with its id, in plain text."""
    if origin is None:
        return "Instance not known"
    word = {"instance": "Instance", "ha": "HA group"}.get(origin.type, plain(origin.type) or "Instance")
    return cut(f"{word} {plain(origin.id)}", LONGEST_OPTION)


def not_offered(by_status: Mapping[str, int]) -> str:
    """How many backups cannot be copied, and why, in ``mrkdwn``; nothing if all can."""
    total = sum(by_status.values())
    if not total:
        return ""
    largest_first = sorted(by_status.items(), key=lambda each: (-each[1], each[0]))
    told = [f"{number:,} {_status(status)}" for status, number in largest_first[:_MOST_STATUSES]]
    more = ["others in other states"] if len(largest_first) > _MOST_STATUSES else []
    cannot = "cannot be copied now and is not offered" if total == 1 else "cannot be copied now and are not offered"
    return f"{count(total, 'backup')} {cannot}: {', '.join([*told, *more])}."


def _status(status: str) -> str:
    words = STATUS_WORDS.get(status, "in a state this bot does not know")
    return f"{words} ({code(status, 30)})"
