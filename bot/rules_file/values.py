"""What may stand in a file of rules as one value: ids, regions, spans of time, days. A wrong one says what it should
be.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from bot.domain.backup import REGION_NEVER_COPIED

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
REGIONS = "regions"
"""The key of the context under which the regions are that this bot copies between."""

_SPAN = re.compile(r"(\d{1,5})\s*(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
END_OF_DAY = "24:00"
NEVER = "never"


def or_nearest(wrong: str, known: Iterable[str]) -> str:
    """What to write instead: the nearest that is known, or all that are."""
    known = list(known)
    nearest = get_close_matches(wrong.lower(), [each.lower() for each in known], n=1, cutoff=0.6)
    meant = [each for each in known if [each.lower()] == nearest]
    return f"did you mean “{meant[0]}”?" if meant else f"known are {', '.join(known)}"


def _id(what: str, example: str, *prefixes: str) -> AfterValidator:
    form = re.compile(rf"[{''.join(prefixes)}][A-Z0-9]{{2,20}}")

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(f"“{value}” has to be the id of a {what} (not a name), such as {example}")
        return value

    return AfterValidator(check)


def _region(value: str, info: ValidationInfo) -> str:
    known: tuple[str, ...] = info.context[REGIONS] if info.context else ()
    region = value.upper()
    if region == REGION_NEVER_COPIED:
        raise ValueError("LON cannot be one of them: Cloud Databases copies no backup from or to it")
    if region not in known:
        raise ValueError(f"“{value}” is no region that this bot copies between; {or_nearest(value, known)}")
    return region


def _span(value: object) -> timedelta:
    found = _SPAN.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if found is None or not int(found[1]):
        raise ValueError('has to be a span of time such as "30m", "24h" or "7d"')
    return int(found[1]) * _UNITS[found[2]]


def _reminder(value: object) -> timedelta | None:
    return None if value == NEVER else _span(value)


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("has to be a moment with its zone, without quotes, such as 2026-12-24T18:00:00Z")
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError('has to be a code of three capital letters such as "USD"')
    return value


def _time_of_day(value: object) -> time:
    if value == END_OF_DAY:
        return time.max
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('has to be a time of day such as "08:00", in quotes')
    return time(int(found[1]), int(found[2]))


def _days(value: object) -> frozenset[int]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
        raise ValueError('has to be a list of days such as ["mon-fri"] or ["mon", "wed"]')
    return frozenset[int]().union(*(_days_in(each) for each in given))


def _days_in(text: str) -> Iterable[int]:
    """The days of ``mon`` or ``fri-mon``."""
    first, dash, last = (part.strip() for part in text.lower().partition("-"))
    for day in (first, last) if dash else (first,):
        if day not in DAYS:
            raise ValueError(f"“{day}” is no day; {or_nearest(day, DAYS)}")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return (day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"“{value}” is no time zone; it has to be one such as Europe/Berlin or UTC") from None
    return value


def _words(most: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        words = " ".join(value.split())
        if not words or len(words) > most or not words.isprintable():
            raise ValueError(f"has to be 1 to {most} characters of text")
        return words

    return check


def _pattern(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError('has to be text such as "orders-*"')
    return value.strip()


def _not_empty(values: list[str]) -> list[str]:
    if not values:
        raise ValueError("is empty, and so would mean nothing: name something, or leave the key out")
    return values


PersonId = Annotated[str, _id("person", "U024BE7LH", "U", "W")]
GroupId = Annotated[str, _id("user group", "S0604QSJC", "S")]
ChannelId = Annotated[str, _id("channel", "C024BE91L", "C", "G")]
AnyChannelId = Annotated[str, _id("channel", "C024BE91L", "C", "G", "D")]
"""Also a conversation of two."""
Region = Annotated[str, AfterValidator(_region)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Some = AfterValidator(_not_empty)
Span = Annotated[timedelta, BeforeValidator(_span)]
Reminder = Annotated[timedelta | None, BeforeValidator(_reminder)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Currency = Annotated[str, AfterValidator(_currency)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Days = Annotated[frozenset[int], BeforeValidator(_days)]
Zone = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, AfterValidator(_words(60))]
Sentence = Annotated[str, AfterValidator(_words(200))]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Number = Annotated[int, Field(ge=1)]
