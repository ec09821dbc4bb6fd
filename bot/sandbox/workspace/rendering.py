"""Blocks, messages and views as plain text: what a reader sees, good enough for a terminal."""

from collections.abc import Callable, Sequence

from bot.sandbox.workspace.blocks import (
    Actions,
    Alert,
    Block,
    Card,
    Cell,
    Context,
    Divider,
    Header,
    Image,
    Input,
    Modal,
    Plan,
    RawNumber,
    RawText,
    Section,
    Table,
    TaskCard,
)
from bot.sandbox.workspace.composition import AnyOption, AnyText, Mrkdwn
from bot.sandbox.workspace.element_state import CurrentValue, initial_value
from bot.sandbox.workspace.elements import (
    Button,
    Checkboxes,
    ImageElement,
    InteractiveElement,
    Overflow,
    PlainTextInput,
    RadioButtons,
    StatefulElement,
)
from bot.sandbox.workspace.markup import plain
from bot.sandbox.workspace.rich_text import (
    BroadcastPiece,
    ChannelPiece,
    DatePiece,
    EmojiPiece,
    LinkPiece,
    Piece,
    RichText,
    RichTextList,
    TextPiece,
    UserGroupPiece,
    pieces_of,
)
from bot.sandbox.workspace.view_stacks import LiveView

_TASK_MARKS = {"pending": "[ ]", "in_progress": "[~]", "complete": "[x]", "error": "[!]"}
_ALERT_MARKS = {"warning": "Warning: ", "error": "Error: ", "success": "", "info": "", "default": ""}


class Renderer:
    """Renders with the names of one workspace."""

    def __init__(self, name_of: Callable[[str], str]) -> None:
        """Remembers where names come from.

        Args:
            name_of: Gives the name of a user, a user group or a channel by its id, without `@` or `#`.
        """
        self._name_of = name_of

    def message(self, text: str, blocks: Sequence[Block]) -> str:
        """A message: its blocks where it has some, else its text."""
        return self.blocks(blocks) if blocks else plain(text, self._name_of)

    def blocks(self, blocks: Sequence[Block], view: LiveView | None = None) -> str:
        """Blocks, one below the other; with the current values where they stand in a view."""
        return "\n".join(filter(None, (self._block(block, view) for block in blocks)))

    def view(self, view: LiveView) -> str:
        """A view with its title, current values, errors and buttons."""
        body = self.blocks(view.accepted.view.blocks, view)
        modal = view.accepted.view
        if not isinstance(modal, Modal):
            return body
        buttons = f"[{modal.close.text if modal.close else 'Cancel'}]"
        if modal.submit:
            buttons += f" [{modal.submit.text}]"
        return "\n".join((f"== {modal.title.text} ==", body, buttons))

    def text(self, text: AnyText) -> str:
        """A text object."""
        return plain(text.text, self._name_of) if isinstance(text, Mrkdwn) else text.text

    def option(self, option: AnyOption) -> str:
        """An option, with its description."""
        described = f" – {self.text(option.description)}" if option.description else ""
        return self.text(option.text) + described

    def value(self, value: CurrentValue) -> str:
        """What is entered or chosen."""
        if value.options:
            return ", ".join(self.text(option.text) for option in value.options)
        if value.element_type in ("conversations_select", "channels_select"):
            return "#" + self._name_of(value.value) if value.value else ""
        if value.element_type == "users_select":
            return "@" + self._name_of(value.value) if value.value else ""
        return value.value or ""

    def _block(self, block: Block, view: LiveView | None) -> str:
        match block:
            case Section():
                texts = [self.text(text) for text in (block.text, *(block.fields or ())) if text is not None]
                return "\n".join((*texts, *self._accessory(block, view)))
            case Header(text=text):
                return self.text(text)
            case Alert(text=text, level=level):
                return _ALERT_MARKS[level or "default"] + self.text(text)
            case Context(elements=elements):
                return " ".join(self._small(element) for element in elements)
            case Actions(elements=elements):
                return " ".join(self._element(element, block, view) for element in elements)
            case Input():
                return self._input(block, view)
            case _:
                return self._other(block)

    def _other(self, block: Block) -> str:
        match block:
            case Divider():
                return "---"
            case Image(alt_text=alt_text):
                return f"[image: {alt_text}]"
            case RichText():
                return self._rich_text(block)
            case Table(rows=rows):
                return "\n".join(" | ".join(self._cell(cell) for cell in row) for row in rows)
            case Plan(title=title, tasks=tasks):
                return "\n".join((title, *(self._task(task) for task in tasks or ())))
            case TaskCard():
                return self._task(block)
            case Card():
                texts = [self.text(text) for text in (block.title, block.subtitle, block.body) if text is not None]
                buttons = " ".join(f"[{button.text.text}]" for button in block.actions or ())
                return "\n".join(filter(None, (*texts, buttons)))
            case _:
                return ""

    def _accessory(self, block: Section, view: LiveView | None) -> list[str]:
        accessory = block.accessory
        if accessory is None:
            return []
        return [
            self._small(accessory) if isinstance(accessory, ImageElement) else self._element(accessory, block, view)
        ]

    def _small(self, element: AnyText | ImageElement) -> str:
        return f"[image: {element.alt_text}]" if isinstance(element, ImageElement) else self.text(element)

    def _input(self, block: Input, view: LiveView | None) -> str:
        optional = " (optional)" if block.optional else ""
        lines = [f"{block.label.text}{optional}: {self._element(block.element, block, view)}"]
        if block.hint:
            lines.append(f"  {block.hint.text}")
        if view is not None and block.block_id in view.errors:
            lines.append(f"  ! {view.errors[block.block_id]}")
        return "\n".join(lines)

    def _element(self, element: InteractiveElement, block: Block, view: LiveView | None) -> str:
        if isinstance(element, Button):
            return f"[{element.text.text}]"
        if isinstance(element, Overflow):
            return "[... " + " / ".join(option.text.text for option in element.options) + "]"
        value = view.value_of(block, element) if view else initial_value(element, None)
        if isinstance(element, RadioButtons | Checkboxes):
            return self._marked(element, value)
        return self.value(value) or self._placeholder(element)

    def _marked(self, element: RadioButtons | Checkboxes, value: CurrentValue) -> str:
        on, off = ("(o)", "( )") if isinstance(element, RadioButtons) else ("[x]", "[ ]")
        return "".join(
            f"\n  {on if option in value.options else off} {self.option(option)}" for option in element.options
        )

    def _placeholder(self, element: StatefulElement) -> str:
        if isinstance(element, RadioButtons | Checkboxes):
            return ""
        if element.placeholder:
            return f"({element.placeholder.text})"
        return "____" if isinstance(element, PlainTextInput) else "(choose)"

    def _cell(self, cell: Cell) -> str:
        match cell:
            case RawText(text=text):
                return text
            case RawNumber(value=value, text=shown):
                return shown or f"{value:g}"
            case RichText():
                return self._rich_text(cell)

    def _task(self, task: TaskCard) -> str:
        below = [self._rich_text(part) for part in (task.details, task.output) if part is not None]
        return "\n    ".join((f"{_TASK_MARKS[task.status]} {task.title}", *below))

    def _rich_text(self, block: RichText) -> str:
        lines: list[str] = []
        for part in block.elements:
            if isinstance(part, RichTextList):
                lines.extend(f"- {''.join(map(self._piece, item.elements))}" for item in part.elements)
            else:
                lines.append("".join(map(self._piece, pieces_of(part))))
        return "\n".join(lines)

    def _piece(self, piece: Piece) -> str:
        match piece:
            case TextPiece(text=text):
                return text
            case LinkPiece(url=url, text=text):
                return f"{text} ({url})" if text else url
            case ChannelPiece(channel_id=channel_id):
                return "#" + self._name_of(channel_id)
            case UserGroupPiece(usergroup_id=group_id):
                return "@" + self._name_of(group_id)
            case BroadcastPiece(range=whom):
                return "@" + whom
            case EmojiPiece(name=name):
                return f":{name}:"
            case DatePiece(fallback=fallback, timestamp=timestamp):
                return fallback or str(timestamp)
            case _:
                return "@" + self._name_of(piece.user_id)
