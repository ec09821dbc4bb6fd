"""Slack's markup: what a reader sees of it, and whom it mentions."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_ENTITY = re.compile(r"<([^<>\n]+)>")
_CODE = re.compile(r"(```.+?```|`[^`\n]+`)", re.DOTALL)
_STYLED = re.compile(r"(?<![\w*_~])([*_~])(?=\S)([^\n]+?)(?<=\S)\1(?![\w*_~])")
_USER = re.compile(r"[UW][A-Z0-9]+")
_BROADCASTS = ("channel", "here", "everyone")


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Somebody who is named in a text: kind is user, group or broadcast; target is an id or channel, here, everyone."""

    kind: str
    target: str


def mentions_in(mrkdwn: str) -> list[Mentioned]:
    """Whom a text in Slack's markup mentions: what is escaped mentions nobody."""
    found: list[Mentioned] = []
    for entity in _ENTITY.findall(mrkdwn):
        word = entity.split("|")[0]
        if word.startswith("@") and _USER.fullmatch(word[1:]):
            found.append(Mentioned("user", word[1:]))
        elif word.startswith("!subteam^"):
            found.append(Mentioned("group", word.removeprefix("!subteam^")))
        elif word[1:] in _BROADCASTS and word.startswith("!"):
            found.append(Mentioned("broadcast", word[1:]))
    return found


def plain(mrkdwn: str, name_of: Callable[[str], str]) -> str:
    """A text as a reader sees it: entities by their names, no markup, nothing escaped.

    Args:
        mrkdwn: The text in Slack's markup.
        name_of: Gives the name of a user, a user group or a channel by its id, without `@` or `#`.
    """
    parts = _CODE.split(mrkdwn)
    shown = [part.strip("`") if place % 2 else _unstyled(part) for place, part in enumerate(parts)]
    text = _ENTITY.sub(lambda match: _entity(match.group(1), name_of), "".join(shown))
    return unescaped(text)


def unescaped(text: str) -> str:
    """A text with Slack's three escapes undone."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unstyled(text: str) -> str:
    """The text without the marks of bold, italic and struck; entities are left alone."""
    pieces = re.split(r"(<[^<>\n]+>)", text)
    return "".join(piece if place % 2 else _unmarked(piece) for place, piece in enumerate(pieces))


def _unmarked(text: str) -> str:
    while (shorter := _STYLED.sub(r"\2", text)) != text:
        text = shorter
    return text


def _entity(entity: str, name_of: Callable[[str], str]) -> str:
    word, _, label = entity.partition("|")
    if word.startswith("@"):
        return "@" + (label or name_of(word[1:]))
    if word.startswith("#"):
        return "#" + (label or name_of(word[1:]))
    if word.startswith("!date^"):
        return label or word
    if word.startswith("!subteam^"):
        return label or "@" + name_of(word.removeprefix("!subteam^"))
    if word.startswith("!"):
        return "@" + word[1:]
    return f"{label} ({word})" if label else word
