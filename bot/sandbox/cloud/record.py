"""The record of every request that reached the simulated cloud."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

OperationName = Literal["token", "list", "show", "delete", "copy", "other"]
"""What a request asks for."""
_KEPT = 200_000


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """One request. `status` is None while it is at work, and for good when it got no answer.

    `body` is the text of a copy's request, as it came.
    """

    time: datetime
    region: str | None
    method: str
    path: str
    operation: OperationName
    backup_id: str | None = None
    body: str | None = None
    status: int | None = None


class RequestLog(deque[RequestRecord]):
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        super().__init__(maxlen=_KEPT)

    def of(self, operation: str, *, region: str | None = None, backup_id: str | None = None) -> list[RequestRecord]:
        """The requests for one operation, accepted or not.

        Args:
            operation: Such as `copy`.
            region: Only those to this region.
            backup_id: Only those for this backup.
        """
        return [
            record
            for record in self
            if record.operation == operation
            and region in (None, record.region)
            and backup_id in (None, record.backup_id)
        ]
