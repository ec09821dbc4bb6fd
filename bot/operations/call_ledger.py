"""How the processes of a bot keep to the cloud's rates together: a port between the room that calls the cloud and the
one that remembers. Operations do not use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Spending:
    """What came of wanting to spend a call.

    Attributes:
        wait: 0 where the call is spent; otherwise the seconds until it is worth asking again.
        is_closed: whether that is because the region asked to be left alone, and not only because enough is spent.
    """

    wait: float
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """How one kind of call to one region stands.

    Attributes:
        calls: that count.
        is_closed: whether the region asked to be left alone.
    """

    calls: int
    is_closed: bool


class CallLedger(Protocol):
    """The calls of all processes. By one clock, which is none of theirs."""

    async def spend(self, region: str, call: str, *, most: int) -> Spending:
        """Spend a call, if fewer than ``most`` count and the region is not closed. An answer that is lost may mean
        that it is spent.

        Raises:
            StoreTroubleError: there is no answer.
        """
        ...

    async def close(self, region: str, call: str, seconds: float) -> None:
        """Let nobody spend such a call for so many seconds, or longer where that was said before.

        Raises:
            StoreTroubleError: it may not be known to the others.
        """
        ...

    async def spent(self) -> Mapping[tuple[str, str], Spent]:
        """How every kind of call stands that was ever spent, by region and kind.

        Raises:
            StoreTroubleError: that cannot be read.
        """
        ...
