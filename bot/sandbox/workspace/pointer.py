"""What a person does on a page: elements are pointed at by their ids, as a browser knows them."""

from collections.abc import Sequence
from typing import assert_never

from pydantic import BaseModel

from bot.sandbox.workspace.blocks import Block, interactive_elements
from bot.sandbox.workspace.choosing import offered_conversations
from bot.sandbox.workspace.composition import AnyOption, Option
from bot.sandbox.workspace.directory import User
from bot.sandbox.workspace.element_state import CurrentValue
from bot.sandbox.workspace.elements import (
    Button,
    ChannelsSelect,
    Checkboxes,
    ConversationsSelect,
    DatePicker,
    ExternalSelect,
    InteractiveElement,
    MultiExternalSelect,
    MultiStaticSelect,
    Overflow,
    PlainTextInput,
    RadioButtons,
    StatefulElement,
    StaticSelect,
    UsersSelect,
)
from bot.sandbox.workspace.form import Form, form_of, pressed
from bot.sandbox.workspace.interactions import Interactions, OfferedOption
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.refusals import NotPossibleError, Payload, SlackError
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.view_stacks import LiveView


class Place(BaseModel):
    """Where an element stands in its view or message."""

    block_id: str
    action_id: str


class Entered(BaseModel):
    """What is at an element from now on; nothing of it: the element is empty.

    Attributes:
        value: What was typed, or the id or the day that was chosen.
        values: The values of the options that were chosen, of those that are in the view.
        options: The options that were chosen, of those that the app gave.
    """

    value: str | None = None
    values: list[str] = []
    options: list[Option] = []


class Pointer:
    """A person's hand on a page."""

    def __init__(self, state: WorkspaceState, interactions: Interactions, user: User) -> None:
        """Is the hand of one of the people."""
        self._state = state
        self._interactions = interactions
        self._user = user

    async def enters(self, view_id: str, place: Place, entered: Entered, *, pressed_enter: bool = False) -> None:
        """Enters or chooses something in a view, and waits until the app has acknowledged where it is told of it.

        Raises:
            AppError: The app did not acknowledge.
            NotPossibleError: There is no such view or element, or nothing like this can be entered there.
        """
        view = self._view(view_id)
        block, element = _element(view.accepted.view.blocks, place)
        if isinstance(element, Button | Overflow):
            raise NotPossibleError("Nothing can be entered at a button.")
        value = self._value(element, entered)
        await self._interactions.enter(self._user, view, block, element, value, pressed_enter=pressed_enter)

    async def searches(self, view_id: str, place: Place, typed: str) -> list[OfferedOption]:
        """Types into a field that asks the app for its options, and gives what is offered.

        Raises:
            AppError: The app gave no options that Slack shows.
            NotPossibleError: There is no such field, or too little is typed.
        """
        view = self._view(view_id)
        _block, element = _element(view.accepted.view.blocks, place)
        if not isinstance(element, ExternalSelect | MultiExternalSelect):
            raise NotPossibleError("This field does not search.")
        return await self._interactions.suggestions(self._user, view, place.block_id, element, typed)

    async def presses(self, view_id: str, place: Place, option: str | None = None) -> None:
        """Presses a button of a view, or an option behind its three dots.

        Raises:
            AppError: The app did not acknowledge.
            NotPossibleError: There is no such view, button or option.
        """
        view = self._view(view_id)
        block, element = _element(view.accepted.view.blocks, place)
        if not isinstance(element, Button | Overflow):
            raise NotPossibleError("This is nothing to press.")
        await self._interactions.view_action(self._user, view, pressed(block, element, _behind(element, option)))

    async def uses_shortcut_on(self, channel_id: str, ts: str, name: str) -> None:
        """Uses a message shortcut by its name.

        Raises:
            AppError: The app did not acknowledge.
            NotPossibleError: There is no such message or shortcut.
        """
        await self._interactions.message_shortcut(self._user, name, self._message(channel_id, ts))

    async def uses_message(self, channel_id: str, ts: str, place: Place, entered: Entered) -> None:
        """Presses or chooses something in a message.

        Raises:
            AppError: The app did not acknowledge.
            NotPossibleError: There is no such message or element, or this cannot be chosen there.
        """
        message = self._message(channel_id, ts)
        block, element = _element(message.accepted.blocks, place)
        if isinstance(element, Button | Overflow):
            action = pressed(block, element, _behind(element, entered.value))
        else:
            value = self._value(element, entered)
            action = {"block_id": block.block_id, "action_id": element.action_id, **value.payload()}
        await self._interactions.message_action(self._user, message, action)

    def dismisses(self, ts: str) -> None:
        """Takes away a message that only this person sees."""
        for message in self._state.messages.seen_only_by(self._user.id):
            if message.ts == ts:
                self._state.messages.remove(message)

    def form(self, view_id: str) -> Form:
        """The form that a view is, to be sent or closed.

        Raises:
            NotPossibleError: This person does not see such a view.
        """
        return form_of(self._state, self._interactions, self._user, self._view(view_id))

    def _view(self, view_id: str) -> LiveView:
        views = self._state.views
        home = views.home(self._user.id)
        seen = [*views.stack(self._user.id)[-1:], *([home] if home else [])]
        for view in seen:
            if view.id == view_id:
                return view
        raise NotPossibleError(f"{self._user.name} does not see this view any more.")

    def _message(self, channel_id: str, ts: str) -> StoredMessage:
        for message in self._state.messages.seen_only_by(self._user.id):
            if message.ts == ts:
                return message
        try:
            self._state.directory.visible_conversation(channel_id, self._user.id)
            return self._state.messages.find(channel_id, ts)
        except SlackError as refused:
            raise NotPossibleError(f"{self._user.name} does not see this message: {refused.error}.") from refused

    def _value(self, element: StatefulElement, entered: Entered) -> CurrentValue:
        """The value of an element after something was entered."""
        match element:
            case StaticSelect() | MultiStaticSelect():
                return _not_too_many(element, _marked(element, element.all_options(), entered.values))
            case RadioButtons() | Checkboxes():
                return _marked(element, element.options, entered.values)
            case ExternalSelect() | MultiExternalSelect():
                return _not_too_many(element, CurrentValue(element.type, options=tuple(entered.options)))
            case PlainTextInput():
                if len(entered.value or "") > element.longest:
                    raise NotPossibleError(f"This field takes {element.longest} characters.")
            case ConversationsSelect():
                offered = offered_conversations(element, self._state.directory, self._user)
                if entered.value is not None and entered.value not in {one.id for one in offered}:
                    raise NotPossibleError(f"{self._user.name} is not offered this conversation.")
            case ChannelsSelect() | UsersSelect() | DatePicker():
                pass
            case _:
                assert_never(element)
        return CurrentValue(element.type, value=entered.value)


def _element(blocks: Sequence[Block], place: Place) -> tuple[Block, InteractiveElement]:
    for block, element in interactive_elements(blocks):
        if (block.block_id, element.action_id) == (place.block_id, place.action_id):
            return block, element
    raise NotPossibleError("This is not there any more.")


def _marked(element: StatefulElement, options: Sequence[AnyOption], values: list[str]) -> CurrentValue:
    chosen = tuple(option for option in options if option.value in values)
    if len(chosen) != len(values):
        raise NotPossibleError("This option is not there any more.")
    return CurrentValue(element.type, options=chosen)


def _not_too_many(element: StatefulElement, chosen: CurrentValue) -> CurrentValue:
    most = element.max_selected_items if isinstance(element, MultiStaticSelect | MultiExternalSelect) else 1
    if most is not None and len(chosen.options) > most:
        raise NotPossibleError(f"Slack lets nobody choose more than {most} here.")
    return chosen


def _behind(element: Button | Overflow, value: str | None) -> AnyOption | None:
    if isinstance(element, Button):
        return None
    for option in element.options:
        if option.value == value:
            return option
    raise NotPossibleError("This option is not there any more.")


def offered_payload(offered: Sequence[OfferedOption]) -> list[Payload]:
    """Offered options as JSON, each with the heading of its group."""
    return [{"option": one.option.model_dump(mode="json", exclude_none=True), "group": one.group} for one in offered]
