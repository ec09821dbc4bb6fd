"""What a person types after ``history``: which events they want to see."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from types import MappingProxyType

from bot.domain.events import EventFilter, EventKind
from bot.slack.views.misread import Misread
from bot.slack.views.text import REGION_NAMES, code, cut, unescape

OUTCOMES: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        "completed": (EventKind.COMPLETED, EventKind.FOUND_THERE, EventKind.SAID_IT_WAS_COPIED),
        "failed": (EventKind.FAILED, EventKind.LOST, EventKind.REFUSED),
        "refused": (EventKind.REFUSED, EventKind.REFUSED_PERSON, EventKind.REFUSED_REQUEST),
        "stopped": (EventKind.STOPPED, EventKind.LEFT_UNDONE),
    }
)
"""How something ended, and the events that say so."""

DAYS = ("today", "yesterday")

KEYS = ("by", "since", "until", "before", "after")
"""What may stand before a colon."""

LONGEST_TEXT = 500
"""Characters that are looked for: with them, the filter is short enough for the value of a button."""

LONGEST_SPAN = 10_000
"""Days: longer ago than any event."""

_MENTION = re.compile(r"^<@([A-Z0-9]+)(?:\|[^>]*)?>$")
_KEYED = re.compile(r"^([A-Za-z]{2,10}):(.*)$")
_SPAN = re.compile(r"^(\d{1,5})([hdw])$", re.IGNORECASE)
_NUMBER = re.compile(r"^\d{1,15}$")

_HOURS = MappingProxyType({"h": 1, "d": 24, "w": 7 * 24})


class _CannotReadError(ValueError):
    """A word is not what its beginning promises."""

    def __init__(self, sentence: str, near: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.near = near


def read_filter(text: str, now: datetime) -> EventFilter | Misread:
    """Which events a person wants to see.

    A mention, ``@name`` or ``by:name`` is a person; a region's name a region; ``today``, ``yesterday``, ``7d``,
    ``since:2026-11-20`` and ``until:2026-11-22`` a time, in UTC; ``completed``, ``failed``, ``refused`` and ``stopped``
    an outcome; ``before:123`` and ``after:123`` the page next to that number. Whatever else there is has to be in the
    event.

    Args:
        text: as Slack sends it: a mention as ``<@U123|name>`` (the manifest's ``should_escape``).
        now: what ``today`` is counted from.
    """
    wanted, words = EventFilter(), []
    typed = _joined(text.split())
    for number, word in enumerate(typed):
        try:
            narrowed = _narrowed(wanted, word, now)
        except _CannotReadError as error:
            meant = [*typed[:number], error.near, *typed[number + 1 :]] if error.near else None
            return Misread(error.sentence, unescape(" ".join(["history", *meant])) if meant else None)
        if narrowed is None:
            words.append(unescape(word))
        else:
            wanted = narrowed
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        return Misread("That time ends before it begins.")
    return replace(wanted, text=cut(" ".join(words), LONGEST_TEXT) or None)


def _joined(words: Sequence[str]) -> list[str]:
    """``since 2026-11-20`` is as good as ``since:2026-11-20``."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].lower() in {"since", "until"} and (word[:1].isdigit() or word.lower() in DAYS):
            joined[-1] = f"{joined[-1]}:{word}"
        else:
            joined.append(word)
    return joined


def _narrowed(wanted: EventFilter, word: str, now: datetime) -> EventFilter | None:
    """The filter with what a word adds to it; ``None`` where it is a word like any other.

    Raises:
        _CannotReadError: it begins like something that it is not.
    """
    low = word.lower()
    if found := _MENTION.match(word):
        return replace(wanted, person=found[1])
    if word.startswith("@") and len(word) > 1:
        return replace(wanted, person=unescape(word[1:]))
    if word.upper() in REGION_NAMES and wanted.region is None:
        return replace(wanted, region=word.upper())
    if low in OUTCOMES and not wanted.kinds:
        return replace(wanted, kinds=OUTCOMES[low])
    if low in DAYS:
        since = _day(low, now)
        return replace(wanted, since=since, until=since + timedelta(days=1) if low == "yesterday" else wanted.until)
    if _SPAN.match(low):
        return replace(wanted, since=_moment(low, now, word))
    if found := _KEYED.match(word):
        return _keyed(wanted, found[1].lower(), found[2], now)
    return None


def _keyed(wanted: EventFilter, key: str, value: str, now: datetime) -> EventFilter | None:
    if key not in KEYS:
        if near := get_close_matches(key, KEYS, n=1, cutoff=0.7):
            raise _CannotReadError(f"{code(f'{key}:')} is not known.", f"{near[0]}:{value}")
        return None
    if not value:
        raise _CannotReadError(f"Behind {code(f'{key}:')} something is missing, without a space.", _EXAMPLES[key](now))
    if key == "by":
        found = _MENTION.match(value)
        return replace(wanted, person=found[1] if found else unescape(value.removeprefix("@")))
    if key in {"since", "until"}:
        return replace(wanted, **{key: _moment(value, now, f"{key}:{value}", key)})  # type: ignore[arg-type]  # both are times
    if not _NUMBER.match(value):
        said = f"{code(f'{key}:{unescape(value)}')} is not the number of an event."
        raise _CannotReadError(said, _EXAMPLES[key](now))
    return replace(wanted, **{key: int(value)})  # type: ignore[arg-type]  # both are numbers


_EXAMPLES: Mapping[str, Callable[[datetime], str]] = MappingProxyType(
    {
        "by": lambda _: "by:ana",
        "since": lambda now: f"since:{now - timedelta(days=7):%Y-%m-%d}",
        "until": lambda now: f"until:{now:%Y-%m-%d}",
        "before": lambda _: "before:120",
        "after": lambda _: "after:120",
    }
)


def _day(word: str, now: datetime) -> datetime:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=DAYS.index(word))


def _moment(value: str, now: datetime, word: str, key: str = "since") -> datetime:
    """A time: a day, a day and an hour, or how long ago. ``until`` a day is until its end."""
    if value.lower() in DAYS:
        return _day(value.lower(), now) + timedelta(days=1 if key == "until" else 0)
    if span := _SPAN.match(value):
        hours = min(int(span[1]) * _HOURS[span[2].lower()], LONGEST_SPAN * 24)
        return (now - timedelta(hours=hours)).replace(second=0, microsecond=0)
    try:
        moment = datetime.fromisoformat(value).replace(microsecond=0)
        is_day = len(value) <= len("2026-11-22")
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return moment + timedelta(days=1) if is_day and key == "until" else moment
    except (ValueError, OverflowError):
        near = get_close_matches(value.lower(), DAYS, n=1, cutoff=0.6)
        said = (
            f"{code(unescape(word))} is no time. Days are written as {code(f'{now:%Y-%m-%d}')}, {code('today')}, "
            f"{code('yesterday')} or {code('7d')}, in UTC."
        )
        raise _CannotReadError(said, f"{key}:{near[0]}" if near else _EXAMPLES[key](now)) from None


def write_filter(wanted: EventFilter) -> str:
    """What a person has to type to see these events: what `read_filter` reads."""
    outcome = next((name for name, kinds in OUTCOMES.items() if kinds == wanted.kinds), "") if wanted.kinds else ""
    parts = [
        f"by:{wanted.person}" if wanted.person else "",
        wanted.region or "",
        outcome,
        f"since:{_written(wanted.since)}" if wanted.since else "",
        f"until:{_written(wanted.until)}" if wanted.until else "",
        wanted.text or "",
        f"before:{wanted.before}" if wanted.before is not None else "",
        f"after:{wanted.after}" if wanted.after is not None else "",
    ]
    return " ".join(filter(None, parts))


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds").removesuffix(":00")


def nearest(wanted: EventFilter) -> str | None:
    """What was probably meant by words that nothing fits, as it is typed after the command; ``None`` where they are
    like nothing that narrows.
    """
    known = {each.lower(): each for each in (*REGION_NAMES, *OUTCOMES, *DAYS)}
    words = (wanted.text or "").split()
    for number, word in enumerate(words):
        if near := get_close_matches(word.lower(), known, n=1, cutoff=0.6):
            others = " ".join([*words[:number], *words[number + 1 :]])
            rest = write_filter(replace(wanted, text=others, before=None, after=None))
            return " ".join(filter(None, ["history", known[near[0]], rest]))
    return None
