"""Composition objects of Block Kit: texts, options and confirm dialogs, with Slack's limits.

Source of the limits: slack-platform.md, Sizes; Slack's reference pages for what they leave open.
"""

from typing import Annotated, Literal, Protocol, Self, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """A part of Block Kit: no unknown property, no value of the wrong type, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PlainText(Strict):
    """Text shown as it is: nothing in it is markup, nothing in it can mention anybody."""

    type: Literal["plain_text"]
    text: Annotated[str, Field(min_length=1)]
    emoji: bool = True


class Mrkdwn(Strict):
    """Text in Slack's own markup: `<@U…>` and `<!channel>` in it mention people."""

    type: Literal["mrkdwn"]
    text: Annotated[str, Field(min_length=1)]
    verbatim: bool = False


AnyText: TypeAlias = PlainText | Mrkdwn
"""A text object of either type."""


class _HasText(Protocol):
    @property
    def text(self) -> str: ...


_Text = TypeVar("_Text", bound=_HasText)


def shorter_than(limit: int) -> AfterValidator:
    """Refuses a text object whose text has more than `limit` characters."""

    def check(text: _Text) -> _Text:
        if len(text.text) > limit:
            raise PydanticCustomError("text_too_long", "must be less than {limit} characters", {"limit": limit + 1})
        return text

    return AfterValidator(check)


EitherText = Annotated[PlainText | Mrkdwn, Field(discriminator="type")]
Identifier = Annotated[str, Field(min_length=1, max_length=255)]
Url = Annotated[str, Field(min_length=1, max_length=3000)]


class Option(Strict):
    """One option of a select menu: plain text only."""

    text: Annotated[PlainText, shorter_than(75)]
    value: Annotated[str, Field(min_length=1, max_length=150)]
    description: Annotated[PlainText, shorter_than(75)] | None = None


class LinkOption(Option):
    """One option of an overflow menu, which may be a link."""

    url: Url | None = None


class MarkedOption(Strict):
    """One option of radio buttons or checkboxes: its texts may have markup."""

    text: Annotated[EitherText, shorter_than(75)]
    value: Annotated[str, Field(min_length=1, max_length=150)]
    description: Annotated[EitherText, shorter_than(75)] | None = None


AnyOption: TypeAlias = Option | MarkedOption
"""An option of any element."""


class OptionGroup(Strict):
    """Options under a heading."""

    label: Annotated[PlainText, shorter_than(75)]
    options: Annotated[list[Option], Field(min_length=1, max_length=100)]


class OptionList(Strict):
    """What the options of a menu look like: a list, or groups of lists, never both."""

    options: Annotated[list[Option], Field(max_length=100)] | None = None
    option_groups: Annotated[list[OptionGroup], Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.options is None) == (self.option_groups is None):
            raise PydanticCustomError("options", "must define exactly one of `options` and `option_groups`")
        refuse_repeated_values(self.all_options())
        return self

    def all_options(self) -> list[Option]:
        """Every option, in the order they are shown."""
        if self.options is not None:
            return self.options
        return [option for group in self.option_groups or () for option in group.options]

    def grouped(self) -> list[tuple[str | None, Option]]:
        """Every option with the heading of its group, None where there are no groups."""
        if self.options is not None:
            return [(None, option) for option in self.options]
        return [(group.label.text, option) for group in self.option_groups or () for option in group.options]


def refuse_repeated_values(options: list[Option] | list[MarkedOption] | list[LinkOption]) -> None:
    """Refuses options of which two have the same value: nobody could tell which one was chosen.

    Raises:
        PydanticCustomError: Two options have the same value.
    """
    values = [option.value for option in options]
    if len(set(values)) != len(values):
        raise PydanticCustomError("repeated_value", "option values must be unique")


class ConfirmDialog(Strict):
    """The question asked before an element acts."""

    title: Annotated[PlainText, shorter_than(100)]
    text: Annotated[EitherText, shorter_than(300)]
    confirm: Annotated[PlainText, shorter_than(30)]
    deny: Annotated[PlainText, shorter_than(30)]
    style: Literal["primary", "danger"] | None = None
