"""Blocks and views: what messages, modals and App Home are made of, with Slack's limits.

Source of the limits: slack-platform.md, Sizes. Which blocks a surface takes: `alert` is for modals only
(the same section); `table`, `plan`, `task_card` and `card` are for messages.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bot.sandbox.workspace.composition import EitherText, Identifier, Mrkdwn, PlainText, Strict, Url, shorter_than
from bot.sandbox.workspace.elements import (
    ActionElement,
    Button,
    ImageElement,
    InteractiveElement,
    StatefulElement,
)
from bot.sandbox.workspace.rich_text import RichText

Accessory = Annotated[ActionElement | ImageElement, Field(discriminator="type")]


class Section(Strict):
    """A text, or fields in two columns, with an element beside it."""

    type: Literal["section"]
    block_id: Identifier | None = None
    text: Annotated[EitherText, shorter_than(3000)] | None = None
    fields: Annotated[list[Annotated[EitherText, shorter_than(2000)]], Field(min_length=1, max_length=10)] | None = None
    accessory: Accessory | None = None
    expand: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and self.fields is None:
            raise PydanticCustomError("section", "must define either `fields` or `text`")
        return self


class Header(Strict):
    """A heading: plain text only."""

    type: Literal["header"]
    block_id: Identifier | None = None
    text: Annotated[PlainText, shorter_than(150)]
    level: Annotated[int, Field(ge=1, le=4)] | None = None


class Divider(Strict):
    """A line."""

    type: Literal["divider"]
    block_id: Identifier | None = None


class Context(Strict):
    """Small print."""

    type: Literal["context"]
    block_id: Identifier | None = None
    elements: Annotated[
        list[Annotated[PlainText | Mrkdwn | ImageElement, Field(discriminator="type")]],
        Field(min_length=1, max_length=10),
    ]


class Actions(Strict):
    """A row of elements."""

    type: Literal["actions"]
    block_id: Identifier | None = None
    elements: Annotated[list[Annotated[ActionElement, Field(discriminator="type")]], Field(min_length=1, max_length=25)]


class Input(Strict):
    """A labelled field of a form."""

    type: Literal["input"]
    block_id: Identifier | None = None
    label: Annotated[PlainText, shorter_than(2000)]
    element: Annotated[StatefulElement, Field(discriminator="type")]
    hint: Annotated[PlainText, shorter_than(2000)] | None = None
    optional: bool = False
    dispatch_action: bool = False


class Image(Strict):
    """A picture."""

    type: Literal["image"]
    block_id: Identifier | None = None
    image_url: Url
    alt_text: Annotated[str, Field(min_length=1, max_length=2000)]
    title: Annotated[PlainText, shorter_than(2000)] | None = None


class Alert(Strict):
    """A notice that stands out."""

    type: Literal["alert"]
    block_id: Identifier | None = None
    text: Annotated[EitherText, shorter_than(3000)]
    level: Literal["default", "info", "warning", "error", "success"] | None = None


class RawText(Strict):
    """A cell of a table with words."""

    type: Literal["raw_text"]
    text: Annotated[str, Field(min_length=1)]


class RawNumber(Strict):
    """A cell of a table with a number."""

    type: Literal["raw_number"]
    value: float
    text: str | None = None


class ColumnSettings(Strict):
    """How a column of a table looks."""

    align: Literal["left", "center", "right"] | None = None
    is_wrapped: bool | None = None


Cell: TypeAlias = RawText | RawNumber | RichText
Row = Annotated[list[Annotated[Cell, Field(discriminator="type")]], Field(min_length=1, max_length=20)]


class Table(Strict):
    """Rows and columns."""

    type: Literal["table"]
    block_id: Identifier | None = None
    rows: Annotated[list[Row], Field(min_length=1, max_length=100)]
    column_settings: Annotated[list[ColumnSettings | None], Field(max_length=20)] | None = None


class UrlSource(Strict):
    """A link below a task."""

    type: Literal["url"]
    url: Url
    text: str


class TaskCard(Strict):
    """One task and its state."""

    type: Literal["task_card"]
    block_id: Identifier | None = None
    task_id: str
    title: Annotated[str, Field(min_length=1)]
    status: Literal["pending", "in_progress", "complete", "error"]
    details: RichText | None = None
    output: RichText | None = None
    sources: list[UrlSource] | None = None


class Plan(Strict):
    """Several tasks under a title."""

    type: Literal["plan"]
    block_id: Identifier | None = None
    title: Annotated[str, Field(min_length=1)]
    tasks: list[TaskCard] | None = None


class Card(Strict):
    """A picture, a title, a few words and buttons."""

    type: Literal["card"]
    block_id: Identifier | None = None
    hero_image: ImageElement | None = None
    icon: ImageElement | None = None
    title: Annotated[EitherText, shorter_than(150)] | None = None
    subtitle: Annotated[EitherText, shorter_than(150)] | None = None
    body: Annotated[EitherText, shorter_than(200)] | None = None
    actions: Annotated[list[Button], Field(min_length=1, max_length=3)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.hero_image is None and self.title is None and self.actions is None and self.body is None:
            raise PydanticCustomError("card", "must define one of `hero_image`, `title`, `actions` and `body`")
        return self


_Everywhere: TypeAlias = Section | Header | Divider | Context | Actions | Input | Image | RichText
MessageBlock = Annotated[_Everywhere | Table | Plan | TaskCard | Card, Field(discriminator="type")]
ModalBlock = Annotated[_Everywhere | Alert, Field(discriminator="type")]
HomeBlock = Annotated[_Everywhere, Field(discriminator="type")]
Block: TypeAlias = _Everywhere | Table | Plan | TaskCard | Card | Alert


class Modal(Strict):
    """A form or a dialog over Slack's window."""

    type: Literal["modal"]
    title: Annotated[PlainText, shorter_than(24)]
    blocks: Annotated[list[ModalBlock], Field(max_length=100)]
    submit: Annotated[PlainText, shorter_than(24)] | None = None
    close: Annotated[PlainText, shorter_than(24)] | None = None
    private_metadata: Annotated[str, Field(max_length=3000)] = ""
    callback_id: Annotated[str, Field(max_length=255)] = ""
    external_id: Annotated[str, Field(max_length=255)] = ""
    clear_on_close: bool = False
    notify_on_close: bool = False
    submit_disabled: bool | None = None

    @model_validator(mode="after")
    def _inputs_can_be_sent(self) -> Self:
        if self.submit is None and any(isinstance(block, Input) for block in self.blocks):
            raise PydanticCustomError("submit", "missing required field: submit (there are input blocks)")
        return self


class HomeTab(Strict):
    """The app's own page, one for each person."""

    type: Literal["home"]
    blocks: Annotated[list[HomeBlock], Field(max_length=100)]
    private_metadata: Annotated[str, Field(max_length=3000)] = ""
    callback_id: Annotated[str, Field(max_length=255)] = ""
    external_id: Annotated[str, Field(max_length=255)] = ""


View: TypeAlias = Modal | HomeTab


def interactive_elements(blocks: Sequence[Block]) -> list[tuple[Block, InteractiveElement]]:
    """Every element that a person can use, with the block it stands in, in reading order."""
    found: list[tuple[Block, InteractiveElement]] = []
    for block in blocks:
        found.extend((block, element) for element in _elements_of(block))
    return found


def _elements_of(block: Block) -> list[InteractiveElement]:
    match block:
        case Section(accessory=accessory) if accessory is not None and not isinstance(accessory, ImageElement):
            return [accessory]
        case Actions(elements=elements):
            return list(elements)
        case Input(element=element):
            return [element]
        case Card(actions=buttons) if buttons:
            return list(buttons)
        case _:
            return []
