"""Forms and messages as a terminal shows them: colours for what Slack draws, buttons, fields in two columns.

`rendering` gives the same as plain text; what is not drawn here looks as it does there.
"""

import re
from collections.abc import Sequence

from rich.align import Align
from rich.console import Group, RenderableType
from rich.emoji import Emoji
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.sandbox.workspace.blocks import Actions, Alert, Block, Context, Divider, Header, Input, Modal, Section
from bot.sandbox.workspace.composition import AnyText, Mrkdwn
from bot.sandbox.workspace.elements import Button, Checkboxes, ImageElement, RadioButtons
from bot.sandbox.workspace.markup import unescaped
from bot.sandbox.workspace.rendering import Renderer
from bot.sandbox.workspace.view_stacks import LiveView

_MARKS = re.compile(
    r"(?P<code>`[^`\n]+`)"
    r"|(?P<entity><[^<>\n]+>)"
    r"|(?P<emoji>:[a-z0-9_+-]+:)"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<!\w)_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?!\w)"
    r"|(?<!\w)~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?!\w)"
)
_ALERTS = {"success": ("✓", "green"), "info": ("i", "blue"), "warning": ("!", "yellow"), "error": ("✗", "red")}
_BUTTONS = {"primary": "bold white on green4", "danger": "bold white on dark_red"}
_OTHER_EMOJI = {":octagonal_sign:": "🛑"}
_LABEL_WIDTH = 23


class Terminal:
    """Draws with the names of one workspace."""

    def __init__(self, render: Renderer) -> None:
        """Remembers what gives the words."""
        self._render = render

    def message(self, text: str, blocks: Sequence[Block]) -> RenderableType:
        """A message: its blocks where it has some, else its text."""
        return Group(*(self._block(block, None) for block in blocks)) if blocks else self._marked(text)

    def view(self, view: LiveView) -> RenderableType:
        """A view; a modal has a frame, its title and its buttons."""
        modal = view.accepted.view
        drawn = [self._block(block, view) for block in modal.blocks]
        if not isinstance(modal, Modal):
            return Group(*drawn)
        buttons = [_button(modal.close.text if modal.close else "Cancel")]
        if modal.submit:
            buttons.append(_button(modal.submit.text, "primary"))
        foot = Align.right(Text("  ").join(buttons))
        return Panel(Group(*drawn, foot), title=Text(modal.title.text, style="bold"), border_style="blue")

    def _block(self, block: Block, view: LiveView | None) -> RenderableType:
        match block:
            case Section(text=text, fields=fields, accessory=None):
                parts = [self._text(text)] if text else []
                return Group(*parts, self._in_two_columns(fields or ()))
            case Header(text=text):
                return Text(text.text, style="bold")
            case Alert(text=text, level=level):
                sign, colour = _ALERTS.get(level or "default", ("·", "default"))
                return Text(f"{sign} {self._render.text(text)}", style=f"bold {colour}")
            case Context(elements=elements):
                texts = [self._text(element) for element in elements if not isinstance(element, ImageElement)]
                return _dim(Text(" ").join(texts))
            case Actions(elements=elements) if buttons := [one for one in elements if isinstance(one, Button)]:
                return Text("  ").join(_button(one.text.text, one.style) for one in buttons)
            case Input(element=element) if view is not None and not isinstance(element, Checkboxes | RadioButtons):
                return self._input(block, view)
            case Divider():
                return Text("─" * 3, style="dim")
            case _:
                return Text(self._render.blocks([block], view))

    def _text(self, text: AnyText) -> Text:
        return self._marked(text.text) if isinstance(text, Mrkdwn) else Text(text.text)

    def _in_two_columns(self, fields: Sequence[AnyText]) -> Table:
        columns = Table.grid(padding=(0, 1), expand=True)
        columns.add_column(ratio=1, overflow="fold")
        columns.add_column(ratio=1, overflow="fold")
        for place in range(0, len(fields), 2):
            columns.add_row(*(self._text(text) for text in fields[place : place + 2]))
        return columns

    def _input(self, block: Input, view: LiveView) -> Table:
        field = Table.grid(padding=(0, 2))
        field.add_column(width=_LABEL_WIDTH)
        field.add_column(overflow="fold")
        label = Text.assemble((block.label.text, "bold"), (" (optional)" if block.optional else "", "dim"))
        value = self._render.value(view.value_of(block, block.element))
        placeholder = getattr(block.element, "placeholder", None)
        field.add_row(label, Text(value, style="cyan") if value else _dim(placeholder.text if placeholder else "–"))
        if block.hint:
            field.add_row("", _dim(block.hint.text))
        if block.block_id in view.errors:
            field.add_row("", Text(f"✗ {view.errors[block.block_id]}", style="bold red"))
        return field

    def _marked(self, mrkdwn: str) -> Text:
        """A text in Slack's markup, as it looks."""
        drawn, end = Text(), 0
        for found in _MARKS.finditer(mrkdwn):
            drawn.append(unescaped(mrkdwn[end : found.start()]))
            drawn.append_text(self._mark(found))
            end = found.end()
        return drawn.append(unescaped(mrkdwn[end:]))

    def _mark(self, found: re.Match[str]) -> Text:
        within = found[found.lastgroup or 0]
        match found.lastgroup:
            case "code":
                return Text(unescaped(within.strip("`")), style="cyan")
            case "emoji":
                return Text(_OTHER_EMOJI.get(within) or Emoji.replace(within))
            case "entity":
                return self._entity(within)
            case _:
                inner = self._marked(within)
                inner.stylize(found.lastgroup or "")
                return inner

    def _entity(self, entity: str) -> Text:
        """A mention, a date, or a link: of a link only its words, as its address leads nowhere."""
        if entity.startswith("<http"):
            address, _, words = entity.strip("<>").partition("|")
            return Text(unescaped(words or address), style="underline")
        is_mention = entity.startswith(("<@", "<#", "<!subteam", "<!here", "<!channel", "<!everyone"))
        words = self._render.text(Mrkdwn(type="mrkdwn", text=entity))
        return Text(words, style="bold blue" if is_mention else "")


def _button(words: str, style: str | None = None) -> Text:
    return Text(f" {words} ", style=_BUTTONS.get(style or "", "reverse"))


def _dim(text: Text | str) -> Text:
    dimmed = Text(text) if isinstance(text, str) else text
    dimmed.stylize("dim")
    return dimmed
