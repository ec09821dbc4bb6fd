"""A person of the workspace: what they do, and what they see."""

from typing import Literal

from bot.sandbox.workspace.choosing import button_named
from bot.sandbox.workspace.conversation_screen import PATIENCE, ConversationScreen, Message, blocks_of, first_showing
from bot.sandbox.workspace.delivery import Delivery
from bot.sandbox.workspace.directory import User
from bot.sandbox.workspace.form import Form, form_of, pressed
from bot.sandbox.workspace.interactions import Interactions
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.pointer import Pointer
from bot.sandbox.workspace.refusals import NotPossibleError
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.window import Window


class Person:
    """Somebody in the workspace. Methods read as what they do: `await alice.types("/copy-backup")`."""

    def __init__(self, state: WorkspaceState, interactions: Interactions, delivery: Delivery, user: User) -> None:
        """Is one of the people."""
        self._state = state
        self._interactions = interactions
        self._delivery = delivery
        self.user = user

    @property
    def id(self) -> str:
        """The id of the account."""
        return self.user.id

    @property
    def name(self) -> str:
        """The name others write after `@`."""
        return self.user.name

    async def types(self, text: str, channel: str = "#databases") -> Message | None:
        """Types a slash command, and waits until the app has acknowledged it.

        Args:
            text: All that is typed, as `/copy-backup help`.
            channel: Where, as `#databases`; `@` and a name for the direct message with the app or a person.

        Returns:
            The message that the acknowledgement shows, None where it shows none.

        Raises:
            OperationTimeout: It was not acknowledged in time.
            DispatchFailed: The app cannot be reached, or answered with an error.
            NotPossibleError: There is no such command, or this person is not in the channel.
        """
        place = self._place(channel)
        name, _, rest = text.partition(" ")
        shown = await self._interactions.command(self.user, place.conversation, name, rest)
        return None if shown is None else Message(self._state, shown)

    def says(self, text: str, channel: str = "#databases", thread: Message | None = None) -> Message:
        """Writes a message. The app is not told of it.

        Args:
            text: What is written.
            channel: Where.
            thread: The message that is replied to; then it says where.

        Raises:
            NotPossibleError: This person is not there, or the message is not.
        """
        if thread is not None:
            self._require_sight_of(thread)
        place_id = self._place(channel).id if thread is None else thread.channel_id
        thread_ts = None if thread is None else thread.ts
        message = StoredMessage(place_id, self._state.messages.new_ts(), self.id, text, thread_ts=thread_ts)
        return Message(self._state, self._state.messages.add(message))

    def deletes(self, message: Message) -> None:
        """Deletes a message, their own or, as an admin may, anybody's. The app is not told of it.

        Raises:
            NotPossibleError: They do not see it.
        """
        self._require_sight_of(message)
        self._state.messages.remove(message.stored)

    def reloads(self) -> None:
        """Loads Slack anew: forms and the messages that only they saw are gone; the app is not told of it."""
        self._state.views.close_all(self.id)
        self._state.messages.forget_ephemeral(self.id)

    @property
    def pointer(self) -> Pointer:
        """What this person does on a page, where elements are known by their ids and not by their words."""
        return Pointer(self._state, self._interactions, self.user)

    @property
    def window(self) -> Window:
        """All that this person sees, as JSON."""
        return Window(self._state, self.user)

    async def uses_shortcut(self, name: str) -> None:
        """Uses a global shortcut by its name, and waits until the app has acknowledged it.

        Raises:
            AppError: It was not acknowledged.
            NotPossibleError: There is no such shortcut.
        """
        shortcut = self._state.app.shortcut(name)
        if shortcut is None:
            raise NotPossibleError(f"This app has no shortcut {name!r}.")
        await self._interactions.shortcut(self.user, shortcut)

    async def uses_shortcut_on(self, message: Message, name: str) -> None:
        """Uses a message shortcut by its name, and waits until the app has acknowledged it.

        Raises:
            AppError: It was not acknowledged.
            NotPossibleError: There is no such shortcut, or Slack does not offer it at this message.
        """
        self._require_sight_of(message)
        await self._interactions.message_shortcut(self.user, name, message.stored)

    async def opens_home(self) -> Form:
        """Opens App Home; what the app shows there may come a moment later (`await home.shows(…)`).

        Raises:
            NotPossibleError: The app has no Home tab.
        """
        if not self._state.app.manifest.features.app_home.home_tab_enabled:
            raise NotPossibleError("This app has no Home tab.")
        self._tells_of_opening("home")
        return Form(self._state, self._interactions, self.user, lambda: self._state.views.home(self.id))

    def opens_messages(self) -> list[Message]:
        """Opens the Messages tab of the app, and gives what is there, oldest first.

        Raises:
            NotPossibleError: The app has no Messages tab.
        """
        if not self._state.app.manifest.features.app_home.messages_tab_enabled:
            raise NotPossibleError("This app has no Messages tab.")
        self._tells_of_opening("messages")
        return self.direct_messages()

    async def sees_form(self, title: str | None = None, timeout: float = PATIENCE) -> Form:  # noqa: ASYNC109  # patience
        """Waits for a form, the one on top of all.

        Args:
            title: Its title; None: any form.
            timeout: How long, in seconds.

        Raises:
            NotShownError: It did not come in time.
        """

        def look() -> Form | None:
            top = self._state.views.top(self.id)
            if top is None:
                return None
            form = form_of(self._state, self._interactions, self.user, top)
            return form if title is None or form.title == title else None

        return await self._state.changes.until(
            look, patience=timeout, waited_for=f"the form {title!r} before {self.name}", instead=self._screen
        )

    @property
    def form(self) -> Form | None:
        """The form that this person sees now."""
        top = self._state.views.top(self.id)
        return None if top is None else form_of(self._state, self._interactions, self.user, top)

    async def presses(self, button: str, on: Message, *, confirm: bool = True) -> None:
        """Presses a button of a message (or an option behind its three dots), and waits for the acknowledgement.

        Args:
            button: The button's text.
            on: The message.
            confirm: What is answered if the button asks whether one is sure.

        Raises:
            AppError: It was not acknowledged.
            NotPossibleError: There is no such button, or they do not see the message.
        """
        self._require_sight_of(on)
        block, element, option = button_named(button, blocks_of(on))
        if element.confirm is None or confirm:
            await self._interactions.message_action(self.user, on.stored, pressed(block, element, option))

    @property
    def ephemeral_messages(self) -> list[Message]:
        """The messages that only this person sees, oldest first."""
        return [Message(self._state, one) for one in self._state.messages.seen_only_by(self.id)]

    async def sees_ephemeral(self, text: str, timeout: float = PATIENCE) -> Message:  # noqa: ASYNC109  # patience
        """Waits for a message that only this person sees, with this text.

        Raises:
            NotShownError: It did not come in time.
        """
        where = f"what only {self.name} sees"
        return await first_showing(self._state, lambda: self.ephemeral_messages, text, timeout, where)

    def direct_messages(self) -> list[Message]:
        """What the app wrote to this person alone, oldest first."""
        channel = self._state.directory.direct_message(self.id, self._state.app.bot_user_id)
        return ConversationScreen(self._state, channel).messages

    async def sees_direct_message(self, text: str, timeout: float = PATIENCE) -> Message:  # noqa: ASYNC109  # patience
        """Waits for a direct message of the app with this text.

        Raises:
            NotShownError: It did not come in time.
        """
        return await first_showing(self._state, self.direct_messages, text, timeout, f"{self.name}'s direct messages")

    def _place(self, channel: str) -> ConversationScreen:
        directory = self._state.directory
        if channel.startswith("@"):
            other = directory.user_named(channel)
            return ConversationScreen(self._state, directory.direct_message(self.id, other.id))
        conversation = directory.channel_named(channel)
        if self.id not in conversation.members:
            raise NotPossibleError(f"{self.name} is not in {channel}.")
        if conversation.is_archived:
            raise NotPossibleError(f"{channel} is archived: nothing can be typed there.")
        return ConversationScreen(self._state, conversation)

    def _tells_of_opening(self, tab: Literal["home", "messages"]) -> None:
        event = self._interactions.home_opened(self.user, tab)
        if event is not None:
            self._delivery.tell(event)

    def _require_sight_of(self, message: Message) -> None:
        if not message.exists:
            raise NotPossibleError("This message was deleted.")
        members = self._state.directory.conversations[message.channel_id].members
        if self.id not in members or message.stored.for_user not in (None, self.id):
            raise NotPossibleError(f"{self.name} does not see this message.")

    def _screen(self) -> str:
        form = self.form
        return form.rendered if form is not None else "no form at all"
