"""The pieces that several views are made of, as JSON, within Slack's sizes (``slack-platform.md``, Sizes).

Each piece is drawn and checked by slack_sdk's model of it. Drawing the same piece again is common (a form that is
opened looks like the one before), and the models take about 50 µs a piece: the pieces of the form are cached by
their values. So a piece is never changed once it is drawn.

Every ``mrkdwn`` text is ``verbatim``: otherwise Slack would make links and mentions out of plain text such as
``@channel`` in a backup's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from slack_sdk.models.blocks import (
    ActionsBlock,
    AlertBlock,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    InputBlock,
    InputInteractiveElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
    TableBlock,
)
from slack_sdk.models.views import View as ViewModel

from bot.slack.views.text import cut, fit

Json = dict[str, object]
"""A JSON object, ready for Slack's Web API."""
View = Json
"""A modal, for ``views.open``, ``views.push``, ``views.update`` and for the answer to a submission."""
Block = Json
"""One block of a modal or a message."""
Level = Literal["default", "info", "warning", "error", "success"]

LONGEST_SECTION = 3000
LONGEST_FIELD = 2000
LONGEST_ALERT = 200
"""As slack_sdk for Java documents it (``AlertBlock``)."""
LONGEST_BUTTON = 75
LONGEST_OPTION = 75
LONGEST_VALUE = 150
LONGEST_TEXT = 4000
"""Of a message's ``text``: ``chat.update`` refuses more."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message for a channel, a thread, or one person only.

    Attributes:
        text: the whole message in words: what notifications and screen readers say.
        blocks: the same as it is drawn.
    """

    text: str
    blocks: list[Block]


@lru_cache(maxsize=64)
def _frame(title: str, callback_id: str, submit: str | None, close: str, *, closes_all: bool) -> Json:
    """A modal without its blocks; slack_sdk's model wants one, which is replaced."""
    return ViewModel(
        type="modal",
        title=_plain(title),
        callback_id=callback_id,
        submit=_plain(submit) if submit else None,
        close=_plain(close),
        clear_on_close=closes_all or None,
        blocks=[DividerBlock()],
    ).to_dict()


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback_id: str,
    submit: str | None = None,
    close: str = "Close",
    closes_all: bool = False,
    metadata: str = "",
) -> View:
    """A modal.

    Args:
        title: at most 24 characters, as are ``submit`` and ``close``.
        blocks: at most 100.
        callback_id: by which its submission is known.
        submit: words of the button that submits it; ``None`` where there is nothing to submit.
        close: words of the button that closes it.
        closes_all: whether that button also closes what lies below it: nothing there is of use any more.
        metadata: what the view has to remember; at most 3,000 characters.
    """
    frame = _frame(title, callback_id, submit, close, closes_all=closes_all)
    return {**frame, "blocks": list(blocks), "private_metadata": metadata}


def home(blocks: Sequence[Block]) -> View:
    """What stands in the app's Home.

    Args:
        blocks: at most 100.
    """
    return {**_home_frame(), "blocks": list(blocks)}


@lru_cache(maxsize=1)
def _home_frame() -> Json:
    return ViewModel(type="home", blocks=[DividerBlock()]).to_dict()


def table(rows: Sequence[Sequence[str]]) -> Block:
    """Rows of cells with plain words, of which none is empty; the first row is the heading. For messages only: one in
    each, with 100 rows and 20 columns at most (``slack-platform.md``, Sizes).
    """
    return TableBlock(rows=[[{"type": "raw_text", "text": cell} for cell in row] for row in rows]).to_dict()


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)


def mrkdwn(text: str) -> MarkdownTextObject:
    """A ``mrkdwn`` text out of which Slack makes nothing that is not written in it. Others' text is escaped."""
    return MarkdownTextObject(text=text, verbatim=True)


@lru_cache(maxsize=512)
def section(text: str, block_id: str | None = None) -> Block:
    """A paragraph in ``mrkdwn``, cut to the length a section may have."""
    return SectionBlock(text=mrkdwn(fit(text, LONGEST_SECTION)), block_id=block_id).to_dict()


def section_with(text: str, button: ButtonElement) -> Block:
    """A paragraph in ``mrkdwn`` with a button at its side."""
    return SectionBlock(text=mrkdwn(fit(text, LONGEST_SECTION)), accessory=button).to_dict()


def in_sections(lines: Sequence[str]) -> list[str]:
    """The lines, joined into as few texts as hold them whole within the length of a section."""
    groups: list[str] = []
    for line in lines:
        if groups and len(groups[-1]) + 1 + len(line) <= LONGEST_SECTION:
            groups[-1] = f"{groups[-1]}\n{line}"
        else:
            groups.append(line)
    return groups


@lru_cache(maxsize=512)
def context(*texts: str, block_id: str | None = None) -> Block:
    """Small print in ``mrkdwn``, each text cut to the length of a field."""
    return ContextBlock(elements=[mrkdwn(fit(text, LONGEST_FIELD)) for text in texts], block_id=block_id).to_dict()


@lru_cache(maxsize=512)
def alert(level: Level, text: str) -> Block:
    """What has to be seen first, in one sentence of plain text. Slack shows alerts in modals only; a client may be too
    old for them, so what a person has to know or do about it is said in a section below as well.
    """
    return AlertBlock(text=_plain(cut(text, LONGEST_ALERT)), level=level).to_dict()


def section_with_button(text: str, beside: ButtonElement) -> Block:
    """A paragraph in ``mrkdwn`` with a button beside it."""
    return SectionBlock(text=mrkdwn(fit(text, LONGEST_SECTION)), accessory=beside).to_dict()


def divider() -> Block:
    """A line between what is above and what is below."""
    return DividerBlock().to_dict()


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Names and values side by side, ten at most; the values are ``mrkdwn``."""
    return SectionBlock(fields=[mrkdwn(fit(f"*{name}*\n{value}", LONGEST_FIELD)) for name, value in pairs]).to_dict()


def actions(buttons: Sequence[ButtonElement], *, block_id: str | None = None) -> Block:
    """Buttons in a row."""
    return ActionsBlock(elements=list(buttons), block_id=block_id).to_dict()


def button(
    words: str,
    action_id: str,
    *,
    value: str | None = None,
    style: Literal["primary", "danger"] | None = None,
    confirm: ConfirmObject | None = None,
) -> ButtonElement:
    """A button with plain words."""
    return ButtonElement(
        text=_plain(cut(words, LONGEST_BUTTON)), action_id=action_id, value=value, style=style, confirm=confirm
    )


def question(title: str, text: str, *, yes: str, no: str) -> ConfirmObject:
    """What is asked before a button does something that cannot be undone. All of it is plain text."""
    return ConfirmObject(
        title=_plain(cut(title, 100)),
        text=_plain(cut(text, 300)),
        confirm=_plain(cut(yes, 30)),
        deny=_plain(cut(no, 30)),
    )


def field(
    label: str,
    element: InputInteractiveElement,
    *,
    block_id: str,
    hint: str | None = None,
    optional: bool = False,
    dispatches: bool = False,
) -> Block:
    """A field of a form.

    Args:
        label: above it, in plain text.
        element: what is filled in.
        block_id: a field keeps what a person typed for as long as this and its ``action_id`` stay the same.
        hint: below it, in plain text.
        optional: whether it may stay empty.
        dispatches: whether a change is told at once.
    """
    return InputBlock(
        label=_plain(label),
        element=element,
        block_id=block_id,
        hint=_plain(hint) if hint else None,
        optional=optional,
        dispatch_action=dispatches or None,
    ).to_dict()
