"""A view as a person uses it: reads, chooses, types, presses, sends and closes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import RenderableType

from bot.sandbox.workspace.blocks import Block, Input, Modal
from bot.sandbox.workspace.choosing import button_named, element_named, offered_conversations, option_named
from bot.sandbox.workspace.composition import AnyOption
from bot.sandbox.workspace.conversation_screen import PATIENCE
from bot.sandbox.workspace.directory import User
from bot.sandbox.workspace.element_state import CurrentValue
from bot.sandbox.workspace.elements import (
    Button,
    ChannelsSelect,
    Checkboxes,
    ConversationsSelect,
    DatePicker,
    ExternalSelect,
    MultiExternalSelect,
    MultiStaticSelect,
    Overflow,
    PlainTextInput,
    RadioButtons,
    StatefulElement,
    StaticSelect,
    UsersSelect,
)
from bot.sandbox.workspace.interactions import Interactions, OfferedOption
from bot.sandbox.workspace.refusals import NotPossibleError, Payload
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.terminal import Terminal
from bot.sandbox.workspace.view_stacks import LiveView, is_modal

_CHOOSABLE = (
    StaticSelect,
    ExternalSelect,
    MultiStaticSelect,
    MultiExternalSelect,
    ConversationsSelect,
    ChannelsSelect,
    UsersSelect,
    RadioButtons,
    Checkboxes,
    DatePicker,
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a form that was sent.

    Attributes:
        errors: What is wrong, by the label of the field; the form is still open then.
        form: The form that the person sees now; None when all are closed.
    """

    errors: dict[str, str] = field(default_factory=dict)
    form: "Form | None" = None

    @property
    def closed(self) -> bool:
        """Whether no form is open any more."""
        return self.form is None


class Form:
    """A view on a person's screen: a modal, or App Home. It is always what is there now."""

    def __init__(
        self, state: WorkspaceState, interactions: Interactions, user: User, locate: Callable[[], LiveView | None]
    ) -> None:
        """Shows a view.

        Args:
            state: The workspace.
            interactions: What carries out what the person does.
            user: Who looks at it.
            locate: Gives the view, None when it is not there.
        """
        self._state = state
        self._interactions = interactions
        self._user = user
        self._locate = locate

    @property
    def live(self) -> LiveView:
        """The view behind it.

        Raises:
            NotPossibleError: It is closed, or not there yet.
        """
        view = self._locate()
        if view is None:
            raise NotPossibleError(f"{self._user.name} does not see this view: it is closed, or never was open.")
        return view

    @property
    def _on_top(self) -> LiveView:
        """The view behind it, when the person can use it.

        Raises:
            NotPossibleError: It is closed, or another one lies over it.
        """
        view = self.live
        if is_modal(view) and self._state.views.top(self._user.id) is not view:
            raise NotPossibleError(f"{self._user.name} cannot use {self.title!r}: another form lies over it.")
        return view

    @property
    def view(self) -> Payload:
        """The view as JSON, with its state."""
        return self.live.payload(self._state.app.view_identity, with_state=True)

    @property
    def is_open(self) -> bool:
        """Whether it is still there."""
        return self._locate() is not None

    @property
    def title(self) -> str:
        """Its title; App Home has none."""
        modal = self.live.accepted.view
        return modal.title.text if isinstance(modal, Modal) else ""

    @property
    def submit_text(self) -> str | None:
        """What its button to send says; None: it has none."""
        modal = self.live.accepted.view
        return modal.submit.text if isinstance(modal, Modal) and modal.submit else None

    @property
    def rendered(self) -> str:
        """What the person sees."""
        return self._state.render.view(self.live)

    @property
    def drawn(self) -> RenderableType:
        """What the person sees, for a terminal: with rich's colours and columns."""
        return Terminal(self._state.render).view(self.live)

    @property
    def errors(self) -> dict[str, str]:
        """What the app said is wrong, by the label of the field."""
        labels = {block.block_id: block.label.text for block in self._blocks if isinstance(block, Input)}
        return {labels[block_id]: words for block_id, words in self.live.errors.items() if block_id in labels}

    @property
    def _blocks(self) -> Sequence[Block]:
        return self.live.accepted.view.blocks

    def value(self, label: str) -> str:
        """What is entered or chosen at a field, as the person sees it; empty for nothing."""
        block, element = self._field(label)
        return self._state.render.value(self.live.value_of(block, element))

    def options(self, label: str) -> list[str]:
        """The words of the options of a field (not of those that the app gives while one types)."""
        block, element = self._field(label)
        if isinstance(element, ConversationsSelect):
            return [f"#{one.name}" for one in offered_conversations(element, self._state.directory, self._user)]
        return [self._state.render.text(option.text) for option in self._listed(block, element)]

    async def shows(self, text: str, timeout: float = PATIENCE) -> "Form":  # noqa: ASYNC109  # a person's patience
        """Waits until the person sees this text in it.

        Raises:
            NotShownError: It did not come in time.
        """
        await self._state.changes.until(
            lambda: (self.is_open and text in self.rendered) or None,
            patience=timeout,
            waited_for=f"{text!r} in {self._user.name}'s view",
            instead=lambda: self.rendered if self.is_open else "the view is not there",
        )
        return self

    async def searches(self, label: str, typed: str) -> list[OfferedOption]:
        """Types into a field that asks the app for its options.

        Returns:
            What is offered.

        Raises:
            AppError: The app gave no options that Slack shows.
            NotPossibleError: There is no such field, or too little is typed.
        """
        block, element = element_named(label, self._blocks, self._state.render, (ExternalSelect, MultiExternalSelect))
        if not isinstance(element, ExternalSelect | MultiExternalSelect):
            raise NotPossibleError(f"{label} does not search.")
        return await self._interactions.suggestions(self._user, self._on_top, block.block_id or "", element, typed)

    async def choose(self, label: str, option: str, *, searching: str | None = None) -> None:
        """Chooses an option, and waits until the app has acknowledged where it is told of it.

        Args:
            label: The field's label, or the text beside it.
            option: The option's words or value; a conversation's, person's or day's name.
            searching: What is typed to find it, where the app gives the options while one types.

        Raises:
            AppError: The app did not acknowledge.
            NotPossibleError: There is no such field or option.
        """
        block, element = self._field(label, *_CHOOSABLE)
        value = await self._chosen(block, element, label, option, searching)
        await self._interactions.enter(self._user, self._on_top, block, element, value)

    async def clears(self, label: str) -> None:
        """Takes back what was chosen or typed at a field."""
        block, element = self._field(label)
        await self._interactions.enter(self._user, self._on_top, block, element, CurrentValue(element.type))

    async def fills(self, label: str, text: str, *, enter: bool = False) -> None:
        """Types into a field, over what was there.

        Args:
            label: The field's label.
            text: What is typed.
            enter: Whether Enter is pressed, which tells the app where it asked for that.

        Raises:
            AppError: The app did not acknowledge.
            NotPossibleError: There is no such field, or the text is too long for it.
        """
        block, element = self._field(label, PlainTextInput)
        if not isinstance(element, PlainTextInput):
            raise NotPossibleError(f"{label} is nothing to type into.")
        if len(text) > element.longest:
            raise NotPossibleError(f"{label} takes {element.longest} characters, not {len(text)}.")
        value = CurrentValue(element.type, value=text)
        await self._interactions.enter(self._user, self._on_top, block, element, value, pressed_enter=enter)

    async def presses(self, button: str, *, confirm: bool = True) -> None:
        """Presses a button, and waits until the app has acknowledged.

        Args:
            button: The button's text.
            confirm: What is answered if the button asks whether one is sure.

        Raises:
            AppError: The app did not acknowledge.
            NotPossibleError: There is no such button.
        """
        block, element, option = button_named(button, self._blocks)
        if element.confirm is None or confirm:
            await self._interactions.view_action(self._user, self._on_top, pressed(block, element, option))

    @property
    def missing(self) -> dict[str, str]:
        """What Slack's client sees is missing, before anything is sent: by `block_id`, in its words."""
        missing: dict[str, str] = {}
        for block, value in self.live.inputs():
            least = (block.element.min_length or 0) if isinstance(block.element, PlainTextInput) else 0
            if value.is_empty and not block.optional:
                missing[block.block_id or ""] = "Please complete this required field."
            elif value.value and len(value.value) < least:
                missing[block.block_id or ""] = f"Please use at least {least} characters."
        return missing

    async def submits(self) -> Submitted:
        """Sends the form, and waits for what becomes of it.

        Raises:
            AppError: The app did not acknowledge, or not in a way that Slack understands.
            NotPossibleError: It has no button to send, or Slack's client sees that something is missing.
        """
        modal = self.live.accepted.view
        if not isinstance(modal, Modal) or modal.submit is None or modal.submit_disabled:
            raise NotPossibleError("This view has no button to send it.")
        missing = self.missing
        if missing:
            labels = {block.block_id: block.label.text for block, _value in self.live.inputs()}
            told = (f"{labels[block_id]}: {words}" for block_id, words in missing.items())
            raise NotPossibleError(f"Slack does not send this form: {' '.join(told)}")
        await self._interactions.submit(self._user, self._on_top)
        if self.is_open and self.live.errors:
            return Submitted(self.errors, self)
        top = self._state.views.top(self._user.id)
        return Submitted(form=None if top is None else form_of(self._state, self._interactions, self._user, top))

    async def closes(self, *, all_of_them: bool = False) -> None:
        """Closes the form without sending it: by its button, or with the whole stack.

        Raises:
            AppError: The app asked to be told, and did not acknowledge.
            NotPossibleError: It is App Home, or another form lies over it.
        """
        if not is_modal(self.live):
            raise NotPossibleError("App Home is not closed: one looks at something else.")
        await self._interactions.close(self._user, self._on_top, all_of_them=all_of_them)

    def _field(self, label: str, *kinds: type) -> tuple[Block, StatefulElement]:
        block, element = element_named(label, self._blocks, self._state.render, kinds)
        if isinstance(element, Button | Overflow):
            raise NotPossibleError(f"{label} is a button, with no value.")
        return block, element

    def _listed(self, block: Block, element: StatefulElement) -> list[AnyOption]:
        if isinstance(element, StaticSelect | MultiStaticSelect):
            return list(element.all_options())
        if isinstance(element, RadioButtons | Checkboxes):
            return list(element.options)
        raise NotPossibleError(f"{block.block_id}: this field has no list of options.")

    async def _chosen(
        self, block: Block, element: StatefulElement, label: str, option: str, searching: str | None
    ) -> CurrentValue:
        """The value of a field after an option was chosen."""
        directory = self._state.directory
        match element:
            case ExternalSelect():
                offered = await self.searches(label, option if searching is None else searching)
                options = [one.option for one in offered]
                return CurrentValue(element.type, options=(option_named(option, options, self._state.render),))
            case MultiExternalSelect():
                offered = await self.searches(label, option if searching is None else searching)
                before = self.live.value_of(block, element).options
                options = [one.option for one in offered]
                return self._toggled(element, before, option_named(option, options, self._state.render))
            case ConversationsSelect():
                channel = directory.channel_named(option)
                if channel not in offered_conversations(element, directory, self._user):
                    raise NotPossibleError(f"{label} does not offer {option} to {self._user.name}.")
                return CurrentValue(element.type, value=channel.id)
            case ChannelsSelect():
                return CurrentValue(element.type, value=directory.channel_named(option).id)
            case UsersSelect():
                return CurrentValue(element.type, value=directory.user_named(option).id)
            case DatePicker() | PlainTextInput():
                return CurrentValue(element.type, value=option)
            case _:
                return self._marked(block, element, option)

    def _marked(self, block: Block, element: StatefulElement, option: str) -> CurrentValue:
        chosen = option_named(option, self._listed(block, element), self._state.render)
        if isinstance(element, Checkboxes | MultiStaticSelect):
            return self._toggled(element, self.live.value_of(block, element).options, chosen)
        return CurrentValue(element.type, options=(chosen,))

    def _toggled(
        self,
        element: Checkboxes | MultiStaticSelect | MultiExternalSelect,
        before: tuple[AnyOption, ...],
        chosen: AnyOption,
    ) -> CurrentValue:
        """What is chosen after one more was, or after one was taken back."""
        if chosen in before:
            return CurrentValue(element.type, options=tuple(one for one in before if one != chosen))
        most = None if isinstance(element, Checkboxes) else element.max_selected_items
        if most is not None and len(before) >= most:
            raise NotPossibleError(f"Slack lets nobody choose more than {most} here.")
        return CurrentValue(element.type, options=(*before, chosen))


def form_of(state: WorkspaceState, interactions: Interactions, user: User, view: LiveView) -> Form:
    """The form that a modal is, for as long as it is open."""
    return Form(state, interactions, user, lambda: view if state.views.is_open(view) else None)


def pressed(block: Block, element: Button | Overflow, option: AnyOption | None) -> Payload:
    """The action that a pressed button sends, or an option chosen from three dots."""
    action: Payload = {"type": element.type, "block_id": block.block_id, "action_id": element.action_id}
    if isinstance(element, Button):
        action["text"] = element.text.model_dump(mode="json")
        if element.value is not None:
            action["value"] = element.value
        if element.style is not None:
            action["style"] = element.style
    elif option is not None:
        action["selected_option"] = option.model_dump(mode="json", exclude_none=True)
    return action
