"""Block elements: what a person presses, chooses and types into, with Slack's limits.

The elements that no bot of this kind needs (other multi-selects, time pickers, files) are not known here and
are refused as an unsupported type, which is harder than Slack and never kinder.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bot.sandbox.workspace.composition import (
    ConfirmDialog,
    Identifier,
    LinkOption,
    MarkedOption,
    Option,
    OptionList,
    PlainText,
    Strict,
    Url,
    refuse_repeated_values,
    shorter_than,
)

Placeholder = Annotated[PlainText, shorter_than(150)]


class Button(Strict):
    """A button; `url` makes it a link that is also told to the app."""

    type: Literal["button"]
    text: Annotated[PlainText, shorter_than(75)]
    action_id: Identifier | None = None
    url: Url | None = None
    value: Annotated[str, Field(max_length=2000)] | None = None
    style: Literal["primary", "danger"] | None = None
    confirm: ConfirmDialog | None = None
    accessibility_label: Annotated[str, Field(max_length=75)] | None = None


class ImageElement(Strict):
    """An image inside a section or a context block."""

    type: Literal["image"]
    alt_text: Annotated[str, Field(min_length=1, max_length=2000)]
    image_url: Url


class StaticSelect(OptionList):
    """A menu whose options are all in the view."""

    type: Literal["static_select"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_option: Option | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None

    @model_validator(mode="after")
    def _initial_is_offered(self) -> Self:
        if not self.all_options():
            raise PydanticCustomError("options", "no fewer than 1 items required")
        if self.initial_option is not None and self.initial_option not in self.all_options():
            raise PydanticCustomError("initial_option", "initial_option must be among the options")
        return self


class ExternalSelect(Strict):
    """A menu whose options the app gives while the person types."""

    type: Literal["external_select"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_option: Option | None = None
    min_query_length: Annotated[int, Field(ge=0)] | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None


class MultiStaticSelect(OptionList):
    """A menu of which several options may be chosen, all of them in the view."""

    type: Literal["multi_static_select"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_options: list[Option] | None = None
    max_selected_items: Annotated[int, Field(ge=1)] | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None

    @model_validator(mode="after")
    def _initial_are_offered(self) -> Self:
        if not self.all_options():
            raise PydanticCustomError("options", "no fewer than 1 items required")
        if any(option not in self.all_options() for option in self.initial_options or ()):
            raise PydanticCustomError("initial_options", "initial_options must be among the options")
        refuse_too_many(self.initial_options, self.max_selected_items)
        return self


class MultiExternalSelect(Strict):
    """A menu of which several options may be chosen, which the app gives while the person types."""

    type: Literal["multi_external_select"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_options: list[Option] | None = None
    min_query_length: Annotated[int, Field(ge=0)] | None = None
    max_selected_items: Annotated[int, Field(ge=1)] | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None

    @model_validator(mode="after")
    def _initial_fit(self) -> Self:
        refuse_repeated_values(list(self.initial_options or ()))
        refuse_too_many(self.initial_options, self.max_selected_items)
        return self


def refuse_too_many(chosen: Sequence[Option] | None, most: int | None) -> None:
    """Refuses a menu that starts with more options than may be chosen."""
    if most is not None and len(chosen or ()) > most:
        raise PydanticCustomError("initial_options", "initial_options must not be more than max_selected_items")


class ConversationFilter(Strict):
    """Which conversations a menu offers."""

    include: Annotated[list[Literal["im", "mpim", "private", "public"]], Field(min_length=1)] | None = None
    exclude_external_shared_channels: bool | None = None
    exclude_bot_users: bool | None = None


class ConversationsSelect(Strict):
    """A menu of the conversations that the person can see."""

    type: Literal["conversations_select"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_conversation: str | None = None
    default_to_current_conversation: bool | None = None
    response_url_enabled: bool | None = None
    filter: ConversationFilter | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None


class ChannelsSelect(Strict):
    """A menu of public channels."""

    type: Literal["channels_select"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_channel: str | None = None
    response_url_enabled: bool | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None


class UsersSelect(Strict):
    """A menu of people."""

    type: Literal["users_select"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_user: str | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None


class RadioButtons(Strict):
    """Options of which one is chosen."""

    type: Literal["radio_buttons"]
    action_id: Identifier | None = None
    options: Annotated[list[MarkedOption], Field(min_length=1, max_length=10)]
    initial_option: MarkedOption | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None

    @model_validator(mode="after")
    def _initial_is_offered(self) -> Self:
        refuse_repeated_values(self.options)
        if self.initial_option is not None and self.initial_option not in self.options:
            raise PydanticCustomError("initial_option", "initial_option must be among the options")
        return self


class Checkboxes(Strict):
    """Options of which any number are chosen."""

    type: Literal["checkboxes"]
    action_id: Identifier | None = None
    options: Annotated[list[MarkedOption], Field(min_length=1, max_length=10)]
    initial_options: Annotated[list[MarkedOption], Field(min_length=1)] | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None

    @model_validator(mode="after")
    def _initial_are_offered(self) -> Self:
        refuse_repeated_values(self.options)
        if any(option not in self.options for option in self.initial_options or ()):
            raise PydanticCustomError("initial_options", "initial_options must be among the options")
        return self


class Overflow(Strict):
    """A button with three dots and a few options."""

    type: Literal["overflow"]
    action_id: Identifier | None = None
    options: Annotated[list[LinkOption], Field(min_length=1, max_length=5)]
    confirm: ConfirmDialog | None = None

    @model_validator(mode="after")
    def _values_differ(self) -> Self:
        refuse_repeated_values(self.options)
        return self


class DispatchActionConfig(Strict):
    """When a text input tells the app that it changed."""

    trigger_actions_on: Annotated[list[Literal["on_enter_pressed", "on_character_entered"]], Field(min_length=1)]


class PlainTextInput(Strict):
    """A field to type into."""

    type: Literal["plain_text_input"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_value: str | None = None
    multiline: bool | None = None
    min_length: Annotated[int, Field(ge=0, le=3000)] | None = None
    max_length: Annotated[int, Field(ge=1, le=3000)] | None = None
    dispatch_action_config: DispatchActionConfig | None = None
    focus_on_load: bool | None = None

    @model_validator(mode="after")
    def _initial_fits(self) -> Self:
        if len(self.initial_value or "") > self.longest:
            raise PydanticCustomError("initial_value", "initial_value must not be longer than max_length")
        if (self.min_length or 0) > self.longest:
            raise PydanticCustomError("min_length", "min_length must not be more than max_length")
        return self

    @property
    def longest(self) -> int:
        """The number of characters that may be typed."""
        return self.max_length or 3000


class DatePicker(Strict):
    """A calendar."""

    type: Literal["datepicker"]
    action_id: Identifier | None = None
    placeholder: Placeholder | None = None
    initial_date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    confirm: ConfirmDialog | None = None
    focus_on_load: bool | None = None


StatefulElement: TypeAlias = (
    StaticSelect
    | ExternalSelect
    | MultiStaticSelect
    | MultiExternalSelect
    | ConversationsSelect
    | ChannelsSelect
    | UsersSelect
    | RadioButtons
    | Checkboxes
    | DatePicker
    | PlainTextInput
)
"""An element with a current value, which `view.state.values` shows."""

ActionElement: TypeAlias = (
    Button
    | Overflow
    | StaticSelect
    | ExternalSelect
    | MultiStaticSelect
    | MultiExternalSelect
    | ConversationsSelect
    | ChannelsSelect
    | UsersSelect
    | RadioButtons
    | Checkboxes
    | DatePicker
)
"""An element that may stand in an actions block."""

InteractiveElement: TypeAlias = StatefulElement | Button | Overflow
"""An element that a person can use, and that has an `action_id`."""
