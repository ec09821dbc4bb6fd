"""The current value of an element, as `view.state.values` and an action show it."""

from dataclasses import dataclass

from bot.sandbox.workspace.composition import AnyOption
from bot.sandbox.workspace.elements import (
    ChannelsSelect,
    Checkboxes,
    ConversationsSelect,
    DatePicker,
    ExternalSelect,
    MultiExternalSelect,
    MultiStaticSelect,
    PlainTextInput,
    RadioButtons,
    StatefulElement,
    StaticSelect,
    UsersSelect,
)
from bot.sandbox.workspace.refusals import Payload

_VALUE_PROPERTY = {
    "plain_text_input": "value",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "users_select": "selected_user",
    "datepicker": "selected_date",
}


_SEVERAL = frozenset({"checkboxes", "multi_static_select", "multi_external_select"})


@dataclass(frozen=True, slots=True)
class CurrentValue:
    """What is entered or chosen.

    Attributes:
        element_type: The element's `type`.
        value: What was typed, or the id or date that was chosen.
        options: The options that were chosen.
    """

    element_type: str
    value: str | None = None
    options: tuple[AnyOption, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing: a required input with it cannot be sent."""
        return not self.value and not self.options

    def payload(self) -> Payload:
        """The value as Slack sends it: `null` where nothing is entered."""
        if self.element_type in _VALUE_PROPERTY:
            return {"type": self.element_type, _VALUE_PROPERTY[self.element_type]: self.value or None}
        options = [option.model_dump(mode="json", exclude_none=True) for option in self.options]
        if self.element_type in _SEVERAL:
            return {"type": self.element_type, "selected_options": options}
        return {"type": self.element_type, "selected_option": options[0] if options else None}


def initial_value(element: StatefulElement, current_conversation: str | None) -> CurrentValue:
    """The value of an element that nobody has touched.

    Args:
        element: The element.
        current_conversation: The id of the conversation the person was in when the view opened.
    """
    match element:
        case PlainTextInput():
            return CurrentValue(element.type, value=element.initial_value)
        case StaticSelect() | ExternalSelect() | RadioButtons():
            chosen = element.initial_option
            return CurrentValue(element.type, options=() if chosen is None else (chosen,))
        case Checkboxes() | MultiStaticSelect() | MultiExternalSelect():
            return CurrentValue(element.type, options=tuple(element.initial_options or ()))
        case ConversationsSelect():
            default = current_conversation if element.default_to_current_conversation else None
            return CurrentValue(element.type, value=default or element.initial_conversation)
        case ChannelsSelect():
            return CurrentValue(element.type, value=element.initial_channel)
        case UsersSelect():
            return CurrentValue(element.type, value=element.initial_user)
        case DatePicker():
            return CurrentValue(element.type, value=element.initial_date)


def still_fits(value: CurrentValue, element: StatefulElement) -> bool:
    """Whether a value that a person entered can stand in the element that replaced its own."""
    if value.element_type != element.type:
        return False
    offered: list[AnyOption] | None = None
    if isinstance(element, StaticSelect | MultiStaticSelect):
        offered = list[AnyOption](element.all_options())
    elif isinstance(element, RadioButtons | Checkboxes):
        offered = list[AnyOption](element.options)
    return offered is None or all(option in offered for option in value.options)
