"""The views that people have open: a stack of up to three modals for each, and one home view."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.sandbox.workspace.blocks import Block, Input, Modal, interactive_elements
from bot.sandbox.workspace.changes import ChangeStream
from bot.sandbox.workspace.directory import new_id
from bot.sandbox.workspace.element_state import CurrentValue, initial_value, still_fits
from bot.sandbox.workspace.elements import Button, Overflow, StatefulElement
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.validation import AcceptedView

STACK_LIMIT = 3
"""Modals on top of each other (slack-platform.md, Sizes)."""


@dataclass(slots=True)
class LiveView:
    """A view on a person's screen.

    Attributes:
        entered: What the person entered, by `block_id` and `action_id`.
        errors: What the app said is wrong at an input, by `block_id`.
        conversation: Where the person was when the view opened.
    """

    id: str
    hash: str
    user_id: str
    accepted: AcceptedView
    root_view_id: str
    previous_view_id: str | None = None
    conversation: str | None = None
    entered: dict[tuple[str, str], CurrentValue] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def stateful(self) -> Iterator[tuple[Block, StatefulElement]]:
        """Every element with a current value, with its block, in reading order."""
        for block, element in interactive_elements(self.accepted.view.blocks):
            if not isinstance(element, Button | Overflow):
                yield block, element

    def value_of(self, block: Block, element: StatefulElement) -> CurrentValue:
        """What is entered or chosen at an element now."""
        entered = self.entered.get((block.block_id or "", element.action_id or ""))
        return entered or initial_value(element, self.conversation)

    def enter(self, block: Block, element: StatefulElement, value: CurrentValue) -> None:
        """Enters or chooses a value."""
        self.entered[block.block_id or "", element.action_id or ""] = value

    def replace(self, accepted: AcceptedView) -> None:
        """Shows new content. What was entered stays where `block_id` and `action_id` stay the same."""
        self.accepted = accepted
        self.errors = {}
        elements = {(block.block_id, element.action_id): element for block, element in self.stateful()}
        self.entered = {
            place: value
            for place, value in self.entered.items()
            if place in elements and still_fits(value, elements[place])
        }

    def state(self) -> Payload:
        """`view.state`: the value of every element, also of those nobody touched."""
        values: dict[str, Payload] = {}
        for block, element in self.stateful():
            at_block = values.setdefault(block.block_id or "", {})
            at_block[element.action_id or ""] = self.value_of(block, element).payload()
        return {"values": values}

    def inputs(self) -> Iterator[tuple[Input, CurrentValue]]:
        """Every input block, with its current value."""
        for block, element in self.stateful():
            if isinstance(block, Input):
                yield block, self.value_of(block, element)

    def payload(self, app: Payload, *, with_state: bool) -> Payload:
        """The view as the Web API and interactions give it.

        Args:
            app: What says whose it is: `team_id`, `app_id`, `app_installed_team_id`, `bot_id`.
            with_state: Whether the current values are in it (interactions) or not (answers).
        """
        content: Payload = {"submit": None, "close": None, "previous_view_id": self.previous_view_id}
        content |= self.accepted.content
        content |= app
        content |= {
            "id": self.id,
            "hash": self.hash,
            "root_view_id": self.root_view_id,
            "state": self.state() if with_state else {"values": {}},
        }
        return content


class ViewStacks:
    """Every open view of the workspace."""

    def __init__(self, changes: ChangeStream, numbers: random.Random) -> None:
        """Starts with none.

        Args:
            changes: Where changes are published.
            numbers: Where ids and hashes come from.
        """
        self._changes = changes
        self._numbers = numbers
        self._stacks: dict[str, list[LiveView]] = {}
        self._homes: dict[str, LiveView] = {}
        self._open: dict[str, LiveView] = {}

    def stack(self, user_id: str) -> list[LiveView]:
        """A person's modals, the lowest first."""
        return self._stacks.get(user_id, [])

    def top(self, user_id: str) -> LiveView | None:
        """The modal that a person sees."""
        stack = self.stack(user_id)
        return stack[-1] if stack else None

    def home(self, user_id: str) -> LiveView | None:
        """A person's home view."""
        return self._homes.get(user_id)

    def is_open(self, view: LiveView) -> bool:
        """Whether a view is still there."""
        return view.id in self._open

    def open(self, user_id: str, accepted: AcceptedView, conversation: str | None) -> LiveView:
        """Shows a first modal; modals that were open go away."""
        self._refuse_known_external_id(accepted)
        self.close_all(user_id)
        view = self._made(user_id, accepted)
        view.conversation = conversation
        self._stacks[user_id] = [view]
        self._changes.publish("view_opened", user=user_id, view=view.id)
        return view

    def push(self, user_id: str, accepted: AcceptedView) -> LiveView:
        """Shows a modal on top of the others.

        Raises:
            SlackError: `push_limit_reached`, or `not_found`: no modal is open.
        """
        stack = self.stack(user_id)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK_LIMIT:
            raise SlackError("push_limit_reached")
        self._refuse_known_external_id(accepted)
        view = self._made(user_id, accepted)
        view.root_view_id, view.previous_view_id = stack[0].id, stack[-1].id
        view.conversation = stack[0].conversation
        stack.append(view)
        self._changes.publish("view_opened", user=user_id, view=view.id)
        return view

    def find(self, view_id: str | None, external_id: str | None) -> LiveView:
        """An open view by its id or its external id.

        Raises:
            SlackError: `not_found`.
        """
        if view_id is not None and view_id in self._open:
            return self._open[view_id]
        for view in self._open.values():
            if external_id and view.accepted.view.external_id == external_id:
                return view
        raise SlackError("not_found")

    def update(self, view: LiveView, accepted: AcceptedView, seen_hash: str | None = None) -> LiveView:
        """Shows something else in an open view.

        Args:
            view: The view.
            accepted: Its new content.
            seen_hash: The hash of the content that the app believes is shown.

        Raises:
            SlackError: `hash_conflict`, or `not_found`: it is closed.
        """
        if not self.is_open(view):
            raise SlackError("not_found")
        if seen_hash and seen_hash != view.hash:
            raise SlackError("hash_conflict")
        if accepted.view.external_id != view.accepted.view.external_id:
            self._refuse_known_external_id(accepted)
        view.replace(accepted)
        view.hash = self._new_hash()
        kind = accepted.view.type
        self._changes.publish("view_changed" if kind == "modal" else "home_published", user=view.user_id, view=view.id)
        return view

    def publish(self, user_id: str, accepted: AcceptedView, seen_hash: str | None) -> LiveView:
        """Shows a home view.

        Raises:
            SlackError: `hash_conflict`.
        """
        view = self._homes.get(user_id)
        if view is not None:
            return self.update(view, accepted, seen_hash)
        self._refuse_known_external_id(accepted)
        view = self._homes[user_id] = self._made(user_id, accepted)
        self._changes.publish("home_published", user=user_id, view=view.id)
        return view

    def close_top(self, user_id: str) -> None:
        """Takes the modal away that a person sees; the one below appears."""
        view = self._stacks[user_id].pop()
        self._open.pop(view.id, None)
        self._changes.publish("view_closed", user=user_id, view=view.id)

    def close_all(self, user_id: str) -> None:
        """Takes all of a person's modals away."""
        while self.stack(user_id):
            self.close_top(user_id)

    def _made(self, user_id: str, accepted: AcceptedView) -> LiveView:
        view_id = new_id("V", self._numbers)
        view = LiveView(view_id, self._new_hash(), user_id, accepted, root_view_id=view_id)
        self._open[view_id] = view
        return view

    def _new_hash(self) -> str:
        return f"{self._numbers.randrange(10**9, 10**10)}.{self._numbers.getrandbits(32):08x}"

    def _refuse_known_external_id(self, accepted: AcceptedView) -> None:
        external_id = accepted.view.external_id
        if external_id and any(one.accepted.view.external_id == external_id for one in self._open.values()):
            raise SlackError("duplicate_external_id")


def is_modal(view: LiveView) -> bool:
    """Whether a view is a modal (or else a home view)."""
    return isinstance(view.accepted.view, Modal)
