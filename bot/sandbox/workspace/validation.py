"""Accepts or refuses blocks and views, in Slack's words; each distinct one is read only once.

Sources: slack-platform.md, Sizes. The wording of `response_metadata.messages` follows what Slack answers
(`must be less than 3001 characters [json-pointer:/blocks/0/text/text]`).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from bot.sandbox.workspace.blocks import (
    Actions,
    Block,
    Card,
    HomeTab,
    Input,
    MessageBlock,
    Modal,
    Section,
    Table,
    View,
    interactive_elements,
)
from bot.sandbox.workspace.elements import (
    Button,
    ChannelsSelect,
    ConversationsSelect,
    ImageElement,
    InteractiveElement,
    Overflow,
)
from bot.sandbox.workspace.markup import Mentioned
from bot.sandbox.workspace.pings import mentioned
from bot.sandbox.workspace.refusals import Payload, SlackError

MESSAGE_BLOCKS_LIMIT = 13_200
"""Characters in all blocks of one message (slack-platform.md, Sizes, seen in bolt-js#2509)."""
VIEW_BYTES_LIMIT = 250_000
"""Size of a view (slack-platform.md, Sizes)."""

_MESSAGE_BLOCKS: TypeAdapter[list[MessageBlock]] = TypeAdapter(Annotated[list[MessageBlock], Field(max_length=50)])


@dataclass(frozen=True, slots=True)
class AcceptedView:
    """A view that Slack takes.

    Attributes:
        view: The view, every block and element with its id.
        content: The same as JSON, as Slack gives it back. Shared: not to be changed.
        mentioned: Whom it mentions.
    """

    view: View
    content: Payload
    mentioned: tuple[Mentioned, ...]


@dataclass(frozen=True, slots=True)
class AcceptedBlocks:
    """The blocks of a message that Slack takes, and the same as JSON (shared: not to be changed)."""

    blocks: tuple[Block, ...] = ()
    content: tuple[Payload, ...] = ()


def accept_modal(raw: object, numbers: random.Random) -> AcceptedView:
    """Reads a modal.

    Args:
        raw: What the app sent as `view`: an object, or JSON text.
        numbers: Where the ids of blocks that have none come from.

    Raises:
        SlackError: `invalid_arguments` with all that is wrong, or `view_too_large`.
    """
    return _with_ids(_read_modal(_as_json(raw)), numbers)


def accept_home(raw: object, numbers: random.Random) -> AcceptedView:
    """Reads a view of App Home; as `accept_modal`."""
    return _with_ids(_read_home(_as_json(raw)), numbers)


def accept_blocks(raw: object, numbers: random.Random) -> AcceptedBlocks:
    """Reads the blocks of a message.

    Args:
        raw: What the app sent as `blocks`: a list, or JSON text.
        numbers: Where the ids of blocks that have none come from.

    Raises:
        SlackError: `invalid_blocks_format`, `invalid_blocks` with all that is wrong, or
            `msg_blocks_too_long`.
    """
    blocks, complete = _read_blocks(_as_json(raw))
    if not complete:
        blocks = tuple(_identified(block, numbers) for block in blocks)
    return AcceptedBlocks(blocks, tuple(_content(block) for block in blocks))


def _as_json(raw: object) -> bytes:
    return raw.encode() if isinstance(raw, str) else to_json(raw)


@lru_cache(maxsize=512)
def _read_modal(source: bytes) -> tuple[AcceptedView, bool]:
    return _read_view(Modal, source)


@lru_cache(maxsize=512)
def _read_home(source: bytes) -> tuple[AcceptedView, bool]:
    return _read_view(HomeTab, source)


def _read_view(kind: type[Modal] | type[HomeTab], source: bytes) -> tuple[AcceptedView, bool]:
    """The view, and whether every block and element has an id of its own."""
    if len(source) > VIEW_BYTES_LIMIT:
        raise SlackError("view_too_large")
    try:
        view = kind.model_validate_json(source)
    except ValidationError as error:
        raise SlackError("invalid_arguments", _messages(error, source, "/view")) from None
    wrong = (*_ids_used_twice(view.blocks, "/view/blocks"), *_misplaced(view.blocks, modal=kind is Modal))
    if wrong:
        raise SlackError("invalid_arguments", wrong)
    named = tuple(mentioned("", view.blocks))
    return AcceptedView(view, view.model_dump(mode="json", exclude_none=True), named), _has_all_ids(view.blocks)


@lru_cache(maxsize=512)
def _read_blocks(source: bytes) -> tuple[tuple[Block, ...], bool]:
    try:
        if not isinstance(from_json(source), list):
            raise SlackError("invalid_blocks_format")
    except ValueError:
        raise SlackError("invalid_blocks_format") from None
    try:
        blocks = _MESSAGE_BLOCKS.validate_json(source)
    except ValidationError as error:
        raise SlackError("invalid_blocks", _messages(error, source, "/blocks")) from None
    wrong = (*_ids_used_twice(blocks, "/blocks"), *_misplaced(blocks, modal=False))
    if sum(isinstance(block, Table) for block in blocks) > 1:
        wrong = (*wrong, "only_one_table_allowed")
    if wrong:
        raise SlackError("invalid_blocks", wrong)
    if sum(_characters(_content(block)) for block in blocks) > MESSAGE_BLOCKS_LIMIT:
        raise SlackError("msg_blocks_too_long")
    return tuple(blocks), _has_all_ids(blocks)


def _with_ids(read: tuple[AcceptedView, bool], numbers: random.Random) -> AcceptedView:
    accepted, complete = read
    if complete:
        return accepted
    blocks = [_identified(block, numbers) for block in accepted.view.blocks]
    view = accepted.view.model_copy(update={"blocks": blocks})
    return AcceptedView(view, view.model_dump(mode="json", exclude_none=True), accepted.mentioned)


def _identified(block: Block, numbers: random.Random) -> Block:
    """The block with the ids that Slack makes up where the app gave none."""
    changes: dict[str, object] = {}
    if block.block_id is None:
        changes["block_id"] = _new_id(numbers)
    match block:
        case Section(accessory=accessory) if accessory is not None and not isinstance(accessory, ImageElement):
            changes["accessory"] = _identified_element(accessory, numbers)
        case Actions(elements=elements):
            changes["elements"] = [_identified_element(element, numbers) for element in elements]
        case Input(element=element):
            changes["element"] = _identified_element(element, numbers)
        case Card(actions=buttons) if buttons:
            changes["actions"] = [_identified_element(button, numbers) for button in buttons]
    return block.model_copy(update=changes)


def _identified_element(element: InteractiveElement, numbers: random.Random) -> InteractiveElement:
    return element if element.action_id else element.model_copy(update={"action_id": _new_id(numbers)})


def _new_id(numbers: random.Random) -> str:
    return f"{numbers.randrange(32**5):05x}"


def _content(block: Block) -> Payload:
    return block.model_dump(mode="json", exclude_none=True)


def _has_all_ids(blocks: Sequence[Block]) -> bool:
    return all(block.block_id for block in blocks) and all(
        element.action_id for _block, element in interactive_elements(blocks)
    )


def _ids_used_twice(blocks: Sequence[Block], pointer: str) -> tuple[str, ...]:
    """What Slack says about block ids that are not unique, and action ids not unique in their block."""
    wrong: list[str] = []
    block_ids: set[str] = set()
    for place, block in enumerate(blocks):
        if block.block_id in block_ids:
            wrong.append(f"block_id `{block.block_id}` already exists [json-pointer:{pointer}/{place}/block_id]")
        block_ids.update(filter(None, (block.block_id,)))
        action_ids = [element.action_id for _block, element in interactive_elements([block]) if element.action_id]
        wrong.extend(
            f"action_id `{action_id}` already exists [json-pointer:{pointer}/{place}]"
            for action_id in sorted({one for one in action_ids if action_ids.count(one) > 1})
        )
    return tuple(wrong)


def _misplaced(blocks: Sequence[Block], *, modal: bool) -> tuple[str, ...]:
    """What Slack says about properties that are right by themselves, and wrong here."""
    elements = interactive_elements(blocks)
    wrong: list[str] = []
    if sum(not isinstance(one, Button | Overflow) and bool(one.focus_on_load) for _block, one in elements) > 1:
        wrong.append("only one element can have focus_on_load")
    for block, element in elements:
        answering = isinstance(element, ConversationsSelect | ChannelsSelect) and element.response_url_enabled
        if answering and not (modal and isinstance(block, Input)):
            wrong.append("response_url_enabled works in input blocks of modals only")
    return tuple(wrong)


def _characters(content: object) -> int:
    """How many characters a reader could see in a piece of JSON: all of its texts."""
    if isinstance(content, dict):
        return sum(
            len(value) if key in ("text", "title") and isinstance(value, str) else _characters(value)
            for key, value in content.items()
        )
    return sum(map(_characters, content)) if isinstance(content, list) else 0


def _messages(error: ValidationError, source: bytes, root: str) -> tuple[str, ...]:
    try:
        document: object = from_json(source)
    except ValueError:
        return ("must be valid json",)
    return tuple(_message(details, document, root) for details in error.errors(include_url=False))


_WORDS = {
    "missing": "missing required field: {last}",
    "extra_forbidden": "invalid additional property: {last}",
    "union_tag_invalid": "unsupported type: {tag}",
    "union_tag_not_found": "missing required field: type",
    "string_too_long": "must be less than {max_length} characters",
    "string_too_short": "must be more than {min_length} characters",
    "too_long": "no more than {max_length} items allowed",
    "too_short": "no fewer than {min_length} items required",
}
"""Slack's words for pydantic's kinds of error; all others speak for themselves."""


def _message(details: ErrorDetails, document: object, root: str) -> str:
    kind, location, limits = details["type"], details["loc"], dict(details.get("ctx", {}))
    if kind == "string_too_long":
        limits["max_length"] += 1
    if kind == "string_too_short":
        limits["min_length"] -= 1
    words = _WORDS.get(kind, "{words}").format(last=location[-1] if location else "", words=details["msg"], **limits)
    if kind in ("missing", "extra_forbidden"):
        location = location[:-1]
    below = {"union_tag_invalid": "/type", "text_too_long": "/text"}.get(kind, "")
    return f"{words} [json-pointer:{root}{_pointer(location, document)}{below}]"


def _pointer(location: Sequence[int | str], document: object) -> str:
    """The JSON pointer of a place; pydantic's names of union members are not part of the document."""
    steps: list[str] = []
    here: object = document
    for step in location:
        inside_list = isinstance(here, list) and isinstance(step, int) and step < len(here)
        if inside_list or (isinstance(here, dict) and step in here):
            here = here[step]  # type: ignore[index]  # one of both lets `step` in, as just checked
            steps.append(str(step))
    return "".join(f"/{step}" for step in steps)
