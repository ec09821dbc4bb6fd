"""Rich text: the block that Slack's own composer makes, also used in tables, plans and task cards."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from bot.sandbox.workspace.composition import Identifier, Strict, Url


class TextStyle(Strict):
    """How a piece of rich text looks."""

    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    code: bool | None = None
    underline: bool | None = None


class TextPiece(Strict):
    """Words: nothing in them is markup."""

    type: Literal["text"]
    text: Annotated[str, Field(min_length=1)]
    style: TextStyle | None = None


class LinkPiece(Strict):
    """A link."""

    type: Literal["link"]
    url: Url
    text: str | None = None
    unsafe: bool | None = None
    style: TextStyle | None = None


class UserPiece(Strict):
    """Mentions a person."""

    type: Literal["user"]
    user_id: str
    style: TextStyle | None = None


class UserGroupPiece(Strict):
    """Mentions a user group."""

    type: Literal["usergroup"]
    usergroup_id: str
    style: TextStyle | None = None


class ChannelPiece(Strict):
    """Names a channel."""

    type: Literal["channel"]
    channel_id: str
    style: TextStyle | None = None


class BroadcastPiece(Strict):
    """Mentions everybody in the channel, everybody who is here, or everybody."""

    type: Literal["broadcast"]
    range: Literal["here", "channel", "everyone"]


class EmojiPiece(Strict):
    """An emoji by its name."""

    type: Literal["emoji"]
    name: str
    unicode: str | None = None
    style: TextStyle | None = None


class DatePiece(Strict):
    """A time in the reader's own zone."""

    type: Literal["date"]
    timestamp: int
    format: str
    url: Url | None = None
    fallback: str | None = None
    style: TextStyle | None = None


Piece: TypeAlias = (
    TextPiece | LinkPiece | UserPiece | UserGroupPiece | ChannelPiece | BroadcastPiece | EmojiPiece | DatePiece
)
Pieces = list[Annotated[Piece, Field(discriminator="type")]]


class RichTextSection(Strict):
    """A paragraph."""

    type: Literal["rich_text_section"]
    elements: Pieces


class RichTextQuote(Strict):
    """A quotation."""

    type: Literal["rich_text_quote"]
    elements: Pieces
    border: int | None = None


class RichTextPreformatted(Strict):
    """Text in a fixed-width block."""

    type: Literal["rich_text_preformatted"]
    elements: Pieces
    border: int | None = None
    language: str | None = None


class RichTextList(Strict):
    """A list with bullets or numbers."""

    type: Literal["rich_text_list"]
    style: Literal["bullet", "ordered"]
    elements: list[RichTextSection]
    indent: int | None = None
    offset: int | None = None
    border: int | None = None


RichTextPart: TypeAlias = RichTextSection | RichTextQuote | RichTextPreformatted | RichTextList


class RichText(Strict):
    """A rich text block."""

    type: Literal["rich_text"]
    block_id: Identifier | None = None
    elements: Annotated[list[Annotated[RichTextPart, Field(discriminator="type")]], Field(min_length=1)]


def pieces_of(part: RichTextPart) -> list[Piece]:
    """Every piece of text in one part of a rich text block, in reading order."""
    if isinstance(part, RichTextList):
        return [piece for section in part.elements for piece in section.elements]
    return list(part.elements)
