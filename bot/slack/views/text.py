"""Words, sizes and times as Slack shows them. Everything that came from people or the cloud goes through here.

An unescaped ``<!channel>`` or ``<@U…>`` in a backup's name would ping people (``slack-platform.md``, Text).
"""

import re
from collections.abc import Iterable
from datetime import datetime

from bot.domain.people import BOT, Person

ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""What Slack wants escaped in ``mrkdwn`` (``slack-platform.md``, Text)."""

DEFAULT_COMMAND = "/copy-backup"
"""The slash command, unless a setting gives it another name."""

_HALF_A_TOKEN = re.compile(r"(&[a-z]*|<[^>]*)$")

_CONSONANT_AND_Y = re.compile(r"(?<=[^aeiou])ys$")

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def cut(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters; where something was left out it ends with an ellipsis."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def escape(text: str, limit: int | None = None) -> str:
    """Text of others for a ``mrkdwn`` text: shown as it is, it can neither ping nor link.

    Args:
        text: as it came.
        limit: characters that are shown at most; counted before escaping, so that no escape is cut in two.
    """
    shown = text if limit is None else cut(text, limit)
    return "".join(ESCAPES.get(character, character) for character in shown)


def fit(text: str, limit: int) -> str:
    """A finished ``mrkdwn`` text in at most ``limit`` characters, with no half escape or mention at its end."""
    return text if len(text) <= limit else _HALF_A_TOKEN.sub("", text[: limit - 1]) + "…"


def plain(text: str) -> str:
    """Text of others on one line, for a ``plain_text`` field, where nothing has to be escaped."""
    return " ".join(text.split())


def code(text: str, limit: int = 100) -> str:
    """A name, id or message of others, set apart as code: no formatting in it counts.

    A backtick would end the code, and is shown as an apostrophe.
    """
    shown = escape(plain(text).replace("`", "'"), limit)
    return f"`{shown}`" if shown else "(no name)"


def duration(seconds: float) -> str:
    """A length of time in two units at most: ``40 seconds``, ``4 minutes``, ``2 hours 5 minutes``, ``3 days``."""
    whole = max(int(seconds), 0)
    if not whole:
        return "less than a second"
    if whole < _MINUTE:
        return count(whole, "second")
    if whole < _HOUR:
        return count(whole // _MINUTE, "minute")
    if whole < 2 * _DAY:
        hours, minutes = whole // _HOUR, whole % _HOUR // _MINUTE
        return count(hours, "hour") + (f" {count(minutes, 'minute')}" if minutes and hours < 10 else "")
    return count(whole // _DAY, "day")


def count(number: int, word: str) -> str:
    """A number with its word: ``1 backup``, ``1,240 backups``, ``2 copies``."""
    if number == 1:
        return f"{number:,} {word}"
    return f"{number:,} {_CONSONANT_AND_Y.sub('ies', f'{word}s')}"


def age(then: datetime | None, now: datetime) -> str:
    """How long ago something was: ``6 hours ago``; ``at an unknown time`` where that is not known."""
    if then is None:
        return "at an unknown time"
    seconds = (now - then).total_seconds()
    return "just now" if seconds < 10 else f"{duration(seconds)} ago"


def size(gigabytes: float | None) -> str:
    """A size: ``1.4 GB``; ``0.18 GB`` for a small one; ``size unknown`` where the service has not said."""
    if gigabytes is None:
        return "size unknown"
    digits = 2 if gigabytes < 1 else 1
    return f"{gigabytes:,.{digits}f}".rstrip("0").rstrip(".") + " GB"


def slack_date(moment: datetime | None) -> str:
    """A moment in the reader's own time zone (``slack-platform.md``, Text); UTC where a client cannot do that."""
    if moment is None:
        return "at an unknown time"
    fallback = moment.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def mention(person_id: str) -> str:
    """A person by id, which Slack shows as their name. In a message it pings them: only where they have to hear of
    it. In a modal it does not.
    """
    return (
        f"<@{person_id}>" if person_id.isascii() and person_id.isalnum() and person_id != BOT.id else person_name(BOT)
    )


def person_name(person: Person) -> str:
    """A person by name: pings nobody."""
    if person.id == BOT.id:
        return "the bot"
    return f"*{escape(plain(person.name).replace('*', ''), 80)}*" if plain(person.name) else "somebody"


def link(address: str | None, words: str) -> str:
    """Words of the bot's own that lead to an address; only the words where there is none."""
    return f"<{address}|{words}>" if address else words


def group_mention(group_id: str) -> str:
    """A user group by its id, which Slack shows as its handle. In a message it pings all members."""
    return f"<!subteam^{group_id}>" if group_id.isascii() and group_id.isalnum() else code(group_id)


def who(groups: Iterable[str], people: Iterable[str]) -> str:
    """Some people by id, those of user groups first: ``@approvers, @ana``. Where Slack pings, see `mention`."""
    return ", ".join([*map(group_mention, sorted(groups)), *map(mention, sorted(people))])


def approvals_by(number: int, groups: Iterable[str], people: Iterable[str]) -> str:
    """How many people have to agree, and who may."""
    return f"{count(number, 'approval')} by {who(groups, people)}"


def channel_mention(channel_id: str) -> str:
    """A channel by its id, which Slack shows as its name."""
    return f"<#{channel_id}>" if channel_id.isascii() and channel_id.isalnum() else code(channel_id)


REGION_NAMES = {
    "DFW": "Dallas/Fort Worth",
    "IAD": "Northern Virginia",
    "ORD": "Chicago",
    "HKG": "Hong Kong",
    "SYD": "Sydney",
    "LON": "London",
}
"""Where the regions are (``cloud-databases-api.md``, Regions)."""


def region_label(region: str) -> str:
    """A region with the place it is at: ``IAD – Northern Virginia``."""
    place = REGION_NAMES.get(region)
    return cut(f"{region} – {place}" if place else region, 75)


def unescape(text: str) -> str:
    """What a person typed, as they typed it: Slack sends ``&``, ``<`` and ``>`` escaped."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
