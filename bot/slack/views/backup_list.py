"""The list of backups: what a person types for it, and a page of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Protocol

from bot.domain.backup import Backup, Origin
from bot.domain.lineage import Recognised
from bot.slack.views import blocks
from bot.slack.views.backup_choice import STATUS_WORDS, origin_label, summary, write_reference
from bot.slack.views.blocks import LONGEST_VALUE, Block, Message
from bot.slack.views.misread import Misread, did_you_mean
from bot.slack.views.plan_status import SURE
from bot.slack.views.text import DEFAULT_COMMAND, REGION_NAMES, age, code, count, cut, escape, fit, unescape

PAGE = 8
"""Backups on one page: with as many of the longest, the message as a whole stays under 10,000 characters."""

LONGEST_TEXT = 2000
LONGEST_WORDS = 200
LONGEST_LINE = 420

LONGEST_PAGE_NUMBER = 6
"""Digits: no list has more pages."""


class Action(StrEnum):
    """The ``action_id`` of the buttons. The value of the first two is what a person would type for that page; that of
    the last the backup.
    """

    NEWER = "list_newer"
    OLDER = "list_older"
    COPY = "list_copy"


class Freshness(Protocol):
    """How fresh the list of one region is; the catalogue's ``Refresh`` is one."""

    @property
    def region(self) -> str:
        """The region."""
        ...

    @property
    def complete_at(self) -> datetime | None:
        """When the last refresh that saw all of them ended."""
        ...

    @property
    def fault(self) -> object | None:
        """Why the last one did not end well."""
        ...


class Listed(Protocol):
    """One backup, with where else it is; the operation's ``ListedBackup`` is one."""

    @property
    def backup(self) -> Backup:
        """The backup."""
        ...

    @property
    def elsewhere(self) -> Sequence[Recognised]:
        """The same backup in other regions."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the list a person wants.

    Attributes:
        region: ``None`` for all of them.
        text: words that all have to be in what people search by.
        page: from 1.
    """

    region: str | None = None
    text: str = ""
    page: int = 1

    def at(self, page: int) -> "Asked":
        """The same list at another page."""
        return replace(self, page=page)


_PAGE = re.compile(r"^page:(.*)$", re.IGNORECASE)


def read(typed: str, regions: Sequence[str]) -> Asked | Misread:
    """What a person wants to see: a region, words, ``page:2``.

    Args:
        typed: as Slack sends it.
        regions: the regions that have lists.
    """
    region, page = None, 1
    words: list[str] = []
    for word in unescape(typed).split():
        name = word.upper()
        if found := _PAGE.match(word):
            if not _is_page(found[1]):
                return Misread(f"{code(word, 40)} is no page.", " ".join(["list", *words, "page:2"]))
            page = int(found[1])
        elif region is None and name in regions:
            region = name
        elif region is None and name in REGION_NAMES:
            listed = ", ".join(code(each) for each in regions)
            return Misread(f"{code(name)} is not among the regions that this bot copies between: {listed}.")
        else:
            words.append(word)
    return Asked(region, cut(" ".join(words), LONGEST_WORDS), page)


def _is_page(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_PAGE_NUMBER and int(text) > 0


def write(asked: Asked) -> str:
    """What a person has to type for a page, as Slack would send it: what `read` reads."""
    page = f"page:{asked.page}" if asked.page > 1 else ""
    return escape(" ".join(filter(None, [asked.region, asked.text, page])))


def draw(
    listed: Sequence[Listed],
    asked: Asked,
    freshness: Sequence[Freshness],
    *,
    total: int,
    pages: int,
    now: datetime,
    command: str = DEFAULT_COMMAND,
) -> Message:
    """A page of the list, newest first, grouped by what the backups were made of.

    Args:
        listed: the backups of the page, newest first.
        asked: what was asked for; its page is the one that is shown.
        freshness: of the lists that were looked in.
        total: how many backups all pages have.
        pages: how many there are.
        now: for ages.
        command: the slash command's name.
    """
    fresh = " ".join(_freshness(each, now) for each in freshness)
    if not listed:
        said = f"There is no backup{_which(asked)} in the list.{did_you_mean(_near(asked, freshness), command)}"
        return Message(text=said, blocks=[blocks.section(said), blocks.context(f"{fresh} Only you see this.")])
    heading = f"*{count(total, 'backup')}{_which(asked)}*, newest first"
    heading += f", page {asked.page:,} of {pages:,}" if pages > 1 else ""
    drawn: list[Block] = [blocks.section(heading)]
    lines = [heading]
    for origin, group in _grouped(listed).items():
        drawn.append(blocks.context(f"*{escape(origin_label(origin))}*"))
        for each in group:
            line = _line(each, now)
            lines.append(line)
            drawn.append(_with_button(each.backup, line))
    drawn += _buttons(asked, pages)
    drawn.append(blocks.context(f"{fresh} Only you see this."))
    return Message(text=fit("\n".join(lines), LONGEST_TEXT), blocks=drawn)


def _grouped(listed: Sequence[Listed]) -> dict[Origin | None, list[Listed]]:
    groups: dict[Origin | None, list[Listed]] = {}
    for each in listed:
        groups.setdefault(each.backup.origin, []).append(each)
    return groups


def _line(listed: Listed, now: datetime) -> str:
    backup = listed.backup
    also = ", ".join(f"{escape(each.backup.region, 10)} ({SURE[each.evidence][1]})" for each in listed.elsewhere)
    where = f"also in {also}" if also else "nowhere else that is known"
    return fit(
        f"{code(backup.title, 64)} in *{escape(backup.region, 10)}*, {escape(summary(backup, now))}\n"
        f"{_status(backup)} · {where}\nid {code(backup.id, 64)}",
        LONGEST_LINE,
    )


def _status(backup: Backup) -> str:
    status = code(backup.status, 30)
    if backup.is_copyable:
        return f"{status}, can be copied"
    words = STATUS_WORDS.get(backup.status, "in a state this bot does not know")
    return f"{status}, cannot be copied now: {words}"


def _with_button(backup: Backup, line: str) -> Block:
    """A backup of which the id is too long cannot be chosen in the form."""
    reference = write_reference(backup.region, backup.id)
    if not backup.is_copyable or len(reference) > LONGEST_VALUE:
        return blocks.section(line)
    return blocks.section_with(line, blocks.button("Copy …", Action.COPY.value, value=reference))


def _buttons(asked: Asked, pages: int) -> list[Block]:
    ways = ((Action.NEWER, "Newer", asked.page - 1), (Action.OLDER, "Older", asked.page + 1))
    drawn = [
        blocks.button(words, action.value, value=write(replace(asked, page=page)))
        for action, words, page in ways
        if 1 <= page <= pages
    ]
    return [blocks.actions(drawn)] if drawn else []


def _which(asked: Asked) -> str:
    where = f" in {asked.region}" if asked.region else " in all regions"
    return f"{where} that fits {code(asked.text)}" if asked.text else where


def _freshness(list_of: Freshness, now: datetime) -> str:
    region = escape(list_of.region, 10)
    if list_of.complete_at is None:
        return f"{region}: not loaded yet."
    seen = f"{region}: as it was {age(list_of.complete_at, now)}"
    return f":warning: {seen}; it could not be refreshed since." if list_of.fault is not None else f"{seen}."


def _near(asked: Asked, freshness: Sequence[Freshness]) -> str | None:
    """What was probably meant by words that nothing fits: a region."""
    if asked.region is not None:
        return None
    words = asked.text.split()
    regions = [each.region for each in freshness]
    for number, word in enumerate(words):
        if near := get_close_matches(word.upper(), regions, n=1, cutoff=0.6):
            return " ".join(["list", near[0], *words[:number], *words[number + 1 :]])
    return None
