"""Where a story is shown while it happens: on a terminal that somebody watches, in a file, in a picture."""

import asyncio
import io
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.rule import Rule
from rich.spinner import Spinner
from rich.status import Status
from rich.text import Text

WIDEST = 100
"""Columns; longer lines are hard to read."""

READING_SECONDS = 0.3
"""On a terminal, after each thing that somebody does: for those who read along."""

_Result = TypeVar("_Result")


class Stage:
    """Shows what people do and see, one thing below the other.

    On a terminal there are pauses to read, and what changes is shown changing; anything else gets the same words
    without pauses and without control codes.
    """

    def __init__(self, console: Console) -> None:
        """Shows everything on a console."""
        self._console = console
        self._picture: Console | None = None

    @property
    def is_watched(self) -> bool:
        """Whether somebody is likely to read along."""
        return self._console.is_terminal

    def prints(self, *things: RenderableType) -> None:
        """Shows something, for good."""
        for console in filter(None, (self._console, self._picture)):
            for thing in things:
                console.print(thing)

    def busy(self, words: str) -> Status:
        """Something takes a moment: says so for as long as the block runs, where somebody watches."""
        return self._console.status(words)

    def heads(self, title: str) -> None:
        """Begins a part of the story."""
        self.prints("", Rule(Text(title, style="bold"), align="left", style="dim"))

    async def does(self, who: str, what: str) -> None:
        """Somebody does something.

        Args:
            who: their name.
            what: a sentence without its subject, in rich's markup.
        """
        self.prints(Text.assemble((f"\n{who} ", "bold magenta"), "▸ ").append_text(Text.from_markup(what)))
        if self.is_watched:
            await asyncio.sleep(READING_SECONDS)

    def shows(self, drawn: RenderableType, *, indent: int = 2) -> None:
        """Somebody sees something."""
        self.prints(Padding(drawn, (0, 0, 0, indent), expand=False))

    async def follows(self, waiting: Coroutine[object, object, _Result], now: Callable[[], RenderableType]) -> _Result:
        """Waits for something, and shows until then what there is.

        Args:
            waiting: is awaited; whatever it raises comes out.
            now: gives what there is at the moment; it vanishes at the end.
        """
        if not self.is_watched:
            return await waiting
        task = asyncio.ensure_future(waiting)
        spinner = Spinner("dots", style="dim")
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            try:
                while not task.done():
                    live.update(Group(Padding(now(), (0, 0, 0, 2)), spinner), refresh=True)
                    await asyncio.wait({task}, timeout=0.1)
            finally:
                task.cancel()
        return await task

    def takes_picture(self) -> None:
        """From now on everything goes into the picture too."""
        self._picture = Console(
            file=io.StringIO(),
            record=True,
            width=WIDEST,
            force_terminal=True,
            color_system="truecolor",
            highlight=False,
        )

    def saves_picture(self, path: Path, title: str) -> None:
        """Writes what was shown since `takes_picture` as SVG; it loads nothing from anywhere.

        Args:
            path: of the file.
            title: above the picture.
        """
        if self._picture is None:
            return
        drawn = self._picture.export_svg(title=title)
        path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), encoding="utf-8")
        self._picture = None
