"""What a person typed after the slash command."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType

from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.standing_orders import USUAL_EVERY, read_every, write_every
from bot.slack.views.text import REGION_NAMES, unescape


@dataclass(frozen=True, slots=True)
class OpenForm:
    """Nothing was typed."""


@dataclass(frozen=True, slots=True)
class ShortForm:
    """A backup, where to, and perhaps a name.

    Attributes:
        backup: its id, the beginning of its id, or its name.
        regions: where the copies go, in capitals; regions that exist, but perhaps none that copies may go to.
        name: of the copy; ``None``: the usual one.
    """

    backup: str
    regions: tuple[str, ...]
    name: str | None = None

    @property
    def region(self) -> str:
        """The regions, as they are typed: ``IAD,ORD``."""
        return ",".join(self.regions)

    @property
    def near(self) -> str | None:
        """What was probably meant where there is no such backup: ``list IAD`` for ``lits IAD``."""
        meant = get_close_matches(self.backup.lower(), _WORDS, n=1, cutoff=0.6)
        return " ".join(filter(None, [*meant, self.region, self.name])) if meant else None


@dataclass(frozen=True, slots=True)
class Status:
    """What runs, and what did I ask for?

    Attributes:
        order_id: of the one order that is asked for, as it was typed: the whole id or its beginning.
    """

    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What happened?

    Attributes:
        typed: which of it, as Slack sent it; see `bot.slack.views.history_filter`.
    """

    typed: str = ""


@dataclass(frozen=True, slots=True)
class ListBackups:
    """Which backups are there?

    Attributes:
        typed: which of them, as Slack sent it; see `bot.slack.views.backup_list`.
    """

    typed: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where what could be restored.

    Attributes:
        text: part of an instance's id, or of the name of its newest backup; empty: all.
        page: 1 for the first.
    """

    text: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop what has not begun of an order.

    Attributes:
        order_id: as it was typed: the whole id or its beginning.
    """

    order_id: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep the newest backup of an instance copied in a region.

    Attributes:
        instance: its id, the beginning of its id, or a backup of it.
        region: in capitals; one that exists, but perhaps none that copies may go to.
        every: how old the newest backup may become that can be restored there.
    """

    instance: str
    region: str
    every: timedelta


class KeepVerb(StrEnum):
    """What can be done to standing orders."""

    LIST = "list"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


@dataclass(frozen=True, slots=True)
class ChangeKeeping:
    """Do something to standing orders.

    Attributes:
        typed: the id of one, or its beginning; for the list, words that narrow it.
    """

    verb: KeepVerb
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """Asked for, or not understood.

    Attributes:
        near: what was probably meant, without the command's name.
        typed: what was not understood; ``None`` where help was asked for.
    """

    near: str | None = None
    typed: str | None = None


Wish = OpenForm | ShortForm | ListBackups | Status | History | Coverage | Cancel | Keep | ChangeKeeping | Help

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
"""Slack's own fields turn straight quotes into curly ones."""

_SEVERAL = re.compile(r"[A-Za-z]{3}(?:\s*,\s*[A-Za-z]{3})+(?=\s|$)")
"""Several regions, with or without spaces at their commas."""

_FIRST = re.compile(r'"(?P<quoted>[^"]*)"\s*|(?P<word>\S+)\s*')


def parse(text: str, regions: Sequence[str] = REGIONS_FOR_COPIES) -> Wish:
    """What a person wants.

    Args:
        text: as Slack sends it.
        regions: the regions that copies may go to.
    """
    typed = text.translate(_QUOTES).strip()
    if not typed:
        return OpenForm()
    first, rest = _split(typed)
    if first.lower() == "keep":
        return _keep(rest, regions)
    command = _COMMANDS.get(first.lower())
    if command is not None:
        return command(rest)
    short = _short_form(unescape(first), unescape(rest), regions)
    return short or Help(near=_nearest(first, rest, regions), typed=unescape(typed))


def _split(text: str) -> tuple[str, str]:
    """The first word, or all that is in the first quotes, and the rest."""
    found = _FIRST.match(text)
    if found is None:
        return text, ""
    quoted = found["quoted"]
    return (quoted if quoted is not None else found["word"]), text[found.end() :].strip()


def _region(word: str, regions: Sequence[str]) -> str | None:
    """A region that exists, whatever its case."""
    return next((region for region in (*regions, *REGION_NAMES) if region.lower() == word.lower()), None)


def _short_form(backup: str, rest: str, regions: Sequence[str]) -> ShortForm | None:
    word, name = _regions_and_rest(rest)
    wanted = [_region(each, regions) for each in word.split(",") if each]
    if not backup or not wanted or None in wanted:
        return None
    return ShortForm(backup, tuple(dict.fromkeys(filter(None, wanted))), _unquoted(name) or None)


def _regions_and_rest(text: str) -> tuple[str, str]:
    """The regions, with or without spaces behind their commas, and the rest."""
    several = _SEVERAL.match(text)
    return ("".join(several[0].split()), text[several.end() :].strip()) if several else _split(text)


def _unquoted(name: str) -> str:
    return name[1:-1].strip() if len(name) >= 2 and name[0] == name[-1] == '"' else name


def _nearest(first: str, rest: str, regions: Sequence[str]) -> str | None:
    """What was probably meant."""
    if rest:
        word, name = _split(rest)
        region = get_close_matches(word.upper(), regions, n=1, cutoff=0.6)
        if region:
            backup = f'"{first}"' if " " in first else first
            return unescape(" ".join(filter(None, [backup, region[0], name])))
    meant = get_close_matches(first.lower(), _WORDS, n=1, cutoff=0.6)
    return " ".join(filter(None, [meant[0], unescape(rest)])) if meant else None


def _status(rest: str) -> Wish:
    return Status(_id_in(rest) or None)


def _history(rest: str) -> Wish:
    return History(rest)


def _list(rest: str) -> Wish:
    return ListBackups(rest)


def _id_in(rest: str) -> str:
    return unescape(_split(rest)[0]).strip("`")


_PAGE = re.compile(r"(?:^|\s)page:(\d{1,5})(?=\s|$)", re.IGNORECASE)


def _coverage(rest: str) -> Wish:
    page = _PAGE.search(rest)
    return Coverage(unescape(" ".join(_PAGE.sub(" ", rest).split())), max(int(page[1]), 1) if page else 1)


def _cancel(rest: str) -> Wish:
    return Cancel(_id_in(rest)) if rest else Help(near="cancel ID", typed="cancel")


_KEEP = re.compile(
    r'(?P<instance>"[^"]+"|\S+)(?P<to>\s+(?:in|to))?\s+(?P<region>\w+)(?:\s+every\s+(?P<every>.+))?', re.IGNORECASE
)

_KEEP_USAGE = "keep INSTANCE in REGION every 24h"


def _keep(rest: str, regions: Sequence[str]) -> Wish:
    first, others = _split(rest)
    verb = next((verb for verb in KeepVerb if verb == first.lower()), None)
    if verb is KeepVerb.LIST:
        return ChangeKeeping(verb, unescape(others))
    if verb is not None and others:
        return ChangeKeeping(verb, _id_in(others))
    found = _KEEP.fullmatch(rest)
    region = _region(found["region"], regions) if found else None
    every = read_every(found["every"]) if found and found["every"] else USUAL_EVERY
    if found and found["to"] and region and every:
        return Keep(unescape(_unquoted(found["instance"])).strip("`"), region, every)
    return Help(near=_nearest_keep(first, others, found, regions), typed=unescape(f"keep {rest}".strip()))


def _nearest_keep(first: str, others: str, found: re.Match[str] | None, regions: Sequence[str]) -> str:
    """What was probably meant: something that is done to standing orders, or the region as it is called."""
    verbs = get_close_matches(first.lower(), list(KeepVerb), n=1, cutoff=0.6)
    if verbs:
        return "keep list" if verbs[0] == KeepVerb.LIST else f"keep {verbs[0]} {_id_in(others) or 'ID'}"
    near = get_close_matches(found["region"].upper(), regions, n=1, cutoff=0.6) if found else []
    if found is None or not near:
        return _KEEP_USAGE
    every = read_every(found["every"]) if found["every"] else None
    return f"keep {unescape(found['instance'])} in {near[0]} every {write_every(every or USUAL_EVERY)}"


def _help(_rest: str) -> Wish:
    return Help()


_COMMANDS: Mapping[str, Callable[[str], Wish]] = MappingProxyType(
    {
        "list": _list,
        "status": _status,
        "history": _history,
        "coverage": _coverage,
        "cancel": _cancel,
        "help": _help,
    }
)

_WORDS = (*_COMMANDS, "keep")
