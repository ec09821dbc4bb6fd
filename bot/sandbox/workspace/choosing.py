"""Finds what a person means: an element by its words, an option by its words, a conversation by its name."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from bot.sandbox.workspace.blocks import Block, Input, Section, interactive_elements
from bot.sandbox.workspace.composition import AnyOption
from bot.sandbox.workspace.directory import Conversation, Directory, User
from bot.sandbox.workspace.elements import Button, ConversationsSelect, InteractiveElement, Overflow
from bot.sandbox.workspace.refusals import NotPossibleError
from bot.sandbox.workspace.rendering import Renderer

_Found = TypeVar("_Found")


def by_words(wanted: str, candidates: Iterable[_Found], words: Callable[[_Found], Sequence[str]], what: str) -> _Found:
    """The one candidate that is meant: its words are these, or begin so, or contain them.

    Args:
        wanted: What a person reads.
        candidates: What is there.
        words: What each one can be known by.
        what: What is looked for, for the error.

    Raises:
        NotPossibleError: Nothing fits, or more than one.
    """
    there = list(candidates)
    fits: tuple[Callable[[str], bool], ...] = (
        lambda word: word == wanted,
        lambda word: word.casefold() == wanted.casefold(),
        lambda word: word.startswith(wanted),
        lambda word: wanted in word,
    )
    for fit in fits:
        found = [one for one in there if any(fit(word) for word in words(one))]
        if len(found) == 1:
            return found[0]
        if found:
            raise NotPossibleError(f"There are {len(found)} {what}s that fit {wanted!r}.")
    listed = "; ".join(" / ".join(words(one)) for one in there) or "none at all"
    raise NotPossibleError(f"There is no {what} {wanted!r}. There is: {listed}")


def element_named(
    label: str, blocks: Sequence[Block], render: Renderer, kinds: tuple[type, ...] = ()
) -> tuple[Block, InteractiveElement]:
    """The element that is labelled so: by its input's label, the text beside it, its placeholder or its action_id."""
    candidates = [found for found in interactive_elements(blocks) if not kinds or isinstance(found[1], kinds)]

    def words(found: tuple[Block, InteractiveElement]) -> list[str]:
        block, element = found
        known = [element.action_id or "", block.block_id or ""]
        if isinstance(block, Input):
            known.insert(0, block.label.text)
        elif isinstance(block, Section):
            known.insert(0, render.blocks([block.model_copy(update={"accessory": None})]))
        placeholder = None if isinstance(element, Button | Overflow) else getattr(element, "placeholder", None)
        return [*known, placeholder.text] if placeholder else known

    return by_words(label, candidates, words, "field")


def button_named(text: str, blocks: Sequence[Block]) -> tuple[Block, Button | Overflow, AnyOption | None]:
    """The button with this text, or the option with this text in a menu of three dots."""
    there: list[tuple[Block, Button | Overflow, AnyOption | None]] = []
    for block, element in interactive_elements(blocks):
        if isinstance(element, Button):
            there.append((block, element, None))
        elif isinstance(element, Overflow):
            there.extend((block, element, option) for option in element.options)

    def words(found: tuple[Block, Button | Overflow, AnyOption | None]) -> list[str]:
        _block, element, option = found
        if option is not None:
            return [option.text.text]
        return [element.text.text, element.action_id or ""] if isinstance(element, Button) else []

    return by_words(text, there, words, "button")


def option_named(wanted: str, options: Iterable[AnyOption], render: Renderer) -> AnyOption:
    """The option with these words or this value."""
    return by_words(wanted, options, lambda option: [render.text(option.text), option.value], "option")


def offered_conversations(element: ConversationsSelect, directory: Directory, user: User) -> list[Conversation]:
    """The conversations that a menu offers to a person."""
    kinds = {"public": "public_channel", "private": "private_channel", "im": "im", "mpim": "mpim"}
    include = element.filter.include if element.filter and element.filter.include else list(kinds)
    shown = {kinds[one] for one in include}
    without_bots = bool(element.filter and element.filter.exclude_bot_users)
    return [
        one
        for one in directory.conversations.values()
        if one.kind in shown
        and (user.id in one.members or (one.kind == "public_channel" and not user.is_restricted))
        and not one.is_archived
        and not (one.kind == "im" and without_bots)
    ]
