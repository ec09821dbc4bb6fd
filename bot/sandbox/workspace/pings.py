"""Who is mentioned by what the app writes, and who is really notified of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.sandbox.workspace.blocks import Block
from bot.sandbox.workspace.composition import Mrkdwn, Strict
from bot.sandbox.workspace.markup import Mentioned, mentions_in
from bot.sandbox.workspace.rich_text import BroadcastPiece, UserGroupPiece, UserPiece


@dataclass(frozen=True, slots=True)
class Ping:
    """Somebody was mentioned.

    Attributes:
        kind: `user`, `group` or `broadcast`.
        target: A person's name, a group's handle, or `channel`, `here`, `everyone`.
        where: The channel's name, or `view` or `ephemeral`.
        ts: The message; empty for a view.
        notified: Whether Slack tells the people of it: for a new message, not for a changed one, a
            view or a message that only one person sees.
    """

    kind: str
    target: str
    where: str
    ts: str
    notified: bool


def mentioned(text: str, blocks: Sequence[Block]) -> list[Mentioned]:
    """Everybody whom a message or a view names in its text and in its blocks, each once."""
    found = [*mentions_in(text)]
    for block in blocks:
        found.extend(_in_part(block))
    return list(dict.fromkeys(found))


def _in_part(part: Strict) -> Iterator[Mentioned]:
    match part:
        case Mrkdwn(text=text):
            yield from mentions_in(text)
        case UserPiece(user_id=user_id):
            yield Mentioned("user", user_id)
        case UserGroupPiece(usergroup_id=group_id):
            yield Mentioned("group", group_id)
        case BroadcastPiece(range=whom):
            yield Mentioned("broadcast", whom)
        case _:
            for _name, value in part:
                for inner in value if isinstance(value, list) else [value]:
                    for one in inner if isinstance(inner, list) else [inner]:
                        if isinstance(one, Strict):
                            yield from _in_part(one)
