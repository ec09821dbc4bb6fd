"""What happens when a person does something: the payload goes out, the app's answer is carried out."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal, NoReturn

from pydantic import BaseModel, Field, ValidationError

from bot.sandbox.workspace.blocks import Block, Input, Modal
from bot.sandbox.workspace.chat_methods import read_blocks
from bot.sandbox.workspace.composition import Option, OptionList
from bot.sandbox.workspace.delivery import AppAnswer, Delivery
from bot.sandbox.workspace.directory import Conversation, User
from bot.sandbox.workspace.element_state import CurrentValue
from bot.sandbox.workspace.elements import (
    ChannelsSelect,
    ConversationsSelect,
    ExternalSelect,
    MultiExternalSelect,
    PlainTextInput,
    StatefulElement,
)
from bot.sandbox.workspace.installation import Shortcut
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.payloads import Payloads
from bot.sandbox.workspace.refusals import (
    AppError,
    DispatchFailed,
    NotPossibleError,
    OperationTimeout,
    Payload,
    SlackError,
)
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.trouble import Trouble
from bot.sandbox.workspace.view_stacks import LiveView

TROUBLE_CONNECTING = "We had some trouble connecting. Try again?"
NO_RESULT = "No result"


class CommandAnswer(BaseModel):
    """A message that answers a command or a response_url."""

    text: str = ""
    blocks: object = None
    response_type: Literal["ephemeral", "in_channel"] = "ephemeral"
    replace_original: bool = False
    delete_original: bool = False
    thread_ts: str | None = None
    metadata: object = None


class _SubmissionAnswer(BaseModel):
    response_action: Literal["errors", "update", "push", "clear"]
    errors: Annotated[dict[str, str], Field(min_length=1)] | None = None
    view: object = None


@dataclass(frozen=True, slots=True)
class OfferedOption:
    """An option that an external select offers, with the heading of its group."""

    option: Option
    group: str | None

    @property
    def text(self) -> str:
        """Its words."""
        return self.option.text.text

    @property
    def value(self) -> str:
        """What the app gets when it is chosen."""
        return self.option.value

    @property
    def description(self) -> str | None:
        """The small print below it."""
        return self.option.description.text if self.option.description else None


class Interactions:
    """Everything that people do to the app."""

    def __init__(self, state: WorkspaceState, delivery: Delivery, trouble: Trouble) -> None:
        """Knows the workspace, the way to the app, and what may go wrong."""
        self._state = state
        self._delivery = delivery
        self._trouble = trouble
        self.payloads = Payloads(state)

    async def command(self, user: User, channel: Conversation, name: str, text: str) -> StoredMessage | None:
        """Types a slash command.

        Returns:
            The message that the acknowledgement shows.

        Raises:
            AppError: As the person sees it: `operation_timeout`, `dispatch_failed`.
            NotPossibleError: There is no such command.
        """
        command = self._state.app.command(name)
        if command is None:
            raise NotPossibleError(f"{name} is not a valid command.")
        text = self._state.with_names_linked(text) if command.should_escape else text
        answer = await self._delivery.send("slash_commands", self.payloads.command(user, channel, name, text.strip()))
        if answer.content is None and not answer.text.strip():
            return None
        try:
            said = CommandAnswer.model_validate({"text": answer.text} if answer.content is None else answer.content)
            return self.answer(said, user.id, channel) if said.text or said.blocks else None
        except (ValidationError, SlackError) as error:
            raise DispatchFailed("dispatch_failed", f"the acknowledgement is no message: {error}") from error

    def answer(
        self, said: CommandAnswer, user_id: str, channel: Conversation, origin: StoredMessage | None = None
    ) -> StoredMessage | None:
        """Carries out what a command or a response_url was answered with.

        Raises:
            SlackError: As `chat.postMessage`; `message_not_found`: what it should replace or delete is gone.
        """
        state = self._state
        if origin is not None and (said.delete_original or said.replace_original) and not state.messages.exists(origin):
            raise SlackError("message_not_found")
        if said.delete_original and origin is not None:
            state.messages.remove(origin)
            return None
        accepted = read_blocks(state, said.blocks)
        if not said.text.strip() and not accepted.blocks:
            raise SlackError("no_text")
        if said.replace_original and origin is not None:
            state.change(origin, said.text, accepted)
            return origin
        for_user = user_id if said.response_type == "ephemeral" else None
        return state.post(channel, said.text, accepted, thread_ts=said.thread_ts, for_user=for_user)

    async def shortcut(self, user: User, shortcut: Shortcut) -> None:
        """Uses a global shortcut. Raises AppError."""
        await self._delivery.send("interactive", self.payloads.shortcut(user, shortcut.callback_id))

    async def message_shortcut(self, user: User, name: str, message: StoredMessage) -> None:
        """Uses a message shortcut by its name.

        Raises:
            AppError: It was not acknowledged.
            NotPossibleError: There is no such shortcut, or Slack does not offer it at this message.
        """
        self._require_interactivity()
        shortcut = self._state.app.shortcut(name, "message")
        if shortcut is None:
            raise NotPossibleError(f"This app has no shortcut {name!r} at messages.")
        if message.for_user is not None:
            raise NotPossibleError("Slack offers no shortcuts at a message that only one person sees.")
        await self._delivery.send("interactive", self.payloads.message_shortcut(user, shortcut.callback_id, message))

    async def enter(
        self,
        user: User,
        view: LiveView,
        block: Block,
        element: StatefulElement,
        value: CurrentValue,
        *,
        pressed_enter: bool = False,
    ) -> None:
        """Enters or chooses a value in a view, and tells the app where it asked for that. Raises AppError.

        Args:
            user: Who does it.
            view: The view.
            block: The block in it.
            element: The element in the block.
            value: What is there from now on.
            pressed_enter: Whether Enter was pressed in a text input.
        """
        view.enter(block, element, value)
        if _is_told(block, element, pressed_enter=pressed_enter):
            action: Payload = {"block_id": block.block_id, "action_id": element.action_id, **value.payload()}
            await self.view_action(user, view, action)

    async def view_action(self, user: User, view: LiveView, action: Payload) -> None:
        """Presses or chooses something in a view. Raises AppError."""
        self._require_interactivity()
        await self._delivery.send("interactive", self.payloads.view_action(user, view, action))

    async def message_action(self, user: User, message: StoredMessage, action: Payload) -> None:
        """Presses or chooses something in a message. Raises AppError."""
        self._require_interactivity()
        await self._delivery.send("interactive", self.payloads.message_action(user, message, action))

    async def suggestions(
        self, user: User, view: LiveView, block_id: str, element: ExternalSelect | MultiExternalSelect, typed: str
    ) -> list[OfferedOption]:
        """Types into an external select.

        Returns:
            What is offered.

        Raises:
            AppError: The app did not answer in time, or not with options that Slack shows.
            NotPossibleError: Too little is typed: Slack does not ask yet.
        """
        self._require_interactivity()
        least = 3 if element.min_query_length is None else element.min_query_length
        if len(typed) < least:
            raise NotPossibleError(f"Slack asks for options from {least} typed characters on, not for {typed!r}.")
        payload = self.payloads.suggestion(
            user, view, block_id=block_id, action_id=element.action_id or "", typed=typed
        )
        try:
            answer = await self._delivery.send("interactive", payload)
            options = OptionList.model_validate(answer.content)
        except AppError as error:
            raise _shown_as(NO_RESULT, error) from error
        except ValidationError as error:
            raise DispatchFailed(NO_RESULT, f"the app's options are refused: {error}") from error
        return [OfferedOption(option, group) for group, option in options.grouped()]

    async def submit(self, user: User, view: LiveView) -> None:
        """Sends a form, and does with the views what the app answers. Raises AppError."""
        self._require_interactivity()
        view.errors = {}
        try:
            answer = await self._delivery.send(
                "interactive", self.payloads.submission(user, view, self._chosen_response_urls(user, view))
            )
        except AppError as error:
            raise _shown_as(TROUBLE_CONNECTING, error) from error
        await asyncio.sleep(self._trouble.next_reading())
        if not self._state.views.is_open(view):
            return
        try:
            self._carry_out(view, answer)
        except (ValidationError, SlackError) as error:
            raise DispatchFailed(TROUBLE_CONNECTING, f"the answer is refused: {error}") from error

    def _chosen_response_urls(self, user: User, view: LiveView) -> list[Payload]:
        urls: list[Payload] = []
        for block, element in view.stateful():
            if isinstance(element, ConversationsSelect | ChannelsSelect) and element.response_url_enabled:
                channel_id = view.value_of(block, element).value
                if channel_id:
                    url = self._state.response_urls.issue(user.id, channel_id)
                    urls.append(
                        {
                            "block_id": block.block_id,
                            "action_id": element.action_id,
                            "channel_id": channel_id,
                            "response_url": url,
                        }
                    )
        return urls

    def _carry_out(self, view: LiveView, answer: AppAnswer) -> None:
        state, views = self._state, self._state.views
        if not answer.content:
            if answer.text.strip():
                _trouble(f"neither empty nor JSON: {answer.text[:200]!r}")
            return views.close_top(view.user_id)
        said = _SubmissionAnswer.model_validate(answer.content)
        match said.response_action:
            case "clear":
                views.close_all(view.user_id)
            case "update":
                views.update(view, state.accept_modal(said.view))
            case "push":
                views.push(view.user_id, state.accept_modal(said.view))
            case "errors":
                self._show_errors(view, said.errors)
        return None

    def _show_errors(self, view: LiveView, errors: dict[str, str] | None) -> None:
        inputs = {block.block_id for block in view.accepted.view.blocks if isinstance(block, Input)}
        if not errors or not errors.keys() <= inputs:
            _trouble(f"errors for {sorted(errors or {})}, but the input blocks are {sorted(map(str, inputs))}")
        view.errors = dict(errors)
        self._state.changes.publish("view_changed", user=view.user_id, view=view.id)

    async def close(self, user: User, view: LiveView, *, all_of_them: bool) -> None:
        """Closes a form, or the whole stack, and tells the app where it asked for that. Raises AppError."""
        views = self._state.views
        modal = view.accepted.view
        clear = all_of_them or (isinstance(modal, Modal) and modal.clear_on_close)
        closing = views.stack(user.id)[::-1] if clear else [view]
        told = [
            self.payloads.closed(user, one, cleared=clear)
            for one in closing
            if isinstance(one.accepted.view, Modal) and one.accepted.view.notify_on_close
        ]
        for _view in closing:
            views.close_top(user.id)
        for payload in told:
            await self._delivery.send("interactive", payload)

    def home_opened(self, user: User, tab: Literal["home", "messages"]) -> Payload | None:
        """The event that says a person opened the app's own page; None where the app did not subscribe to it."""
        settings = self._state.app.manifest.settings
        if "app_home_opened" not in settings.event_subscriptions.bot_events:
            return None
        home = self._state.views.home(user.id)
        event: Payload = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": self._state.directory.direct_message(user.id, self._state.app.bot_user_id).id,
            "tab": tab,
            "event_ts": self._state.messages.new_ts(),
        }
        if home is not None and tab == "home":
            event["view"] = home.payload(self._state.app.view_identity, with_state=True)
        return self.payloads.event(event)

    def _require_interactivity(self) -> None:
        if not self._state.app.manifest.settings.interactivity.is_enabled:
            raise NotPossibleError("This app's manifest does not enable interactivity: Slack would send nothing.")


def _is_told(block: Block, element: StatefulElement, *, pressed_enter: bool) -> bool:
    """Whether the app asked to be told of a change at an element."""
    if not isinstance(block, Input):
        return True
    if not isinstance(element, PlainTextInput):
        return block.dispatch_action
    config = element.dispatch_action_config
    triggers = config.trigger_actions_on if config else ["on_enter_pressed"]
    asked = "on_character_entered" in triggers or (pressed_enter and "on_enter_pressed" in triggers)
    return block.dispatch_action and asked


def _trouble(why: str) -> NoReturn:
    raise DispatchFailed(TROUBLE_CONNECTING, f"the answer is refused: {why}")


def _shown_as(words: str, error: AppError) -> AppError:
    """The same, in the words that a form has for it instead of its name."""
    kind = OperationTimeout if isinstance(error, OperationTimeout) else DispatchFailed
    return kind(words, str(error))
