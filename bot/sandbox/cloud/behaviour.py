"""What the sources do not say about Cloud Databases, as switches; the bot must work either way."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

Role = Literal["dbaas:admin", "dbaas:creator", "dbaas:observer", "admin", "observer"]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


@dataclass(slots=True)
class Behaviour:
    """How this deployment behaves. Every field may be changed at any time.

    Attributes:
        role: What the account may do: an observer reads, a creator copies too, an admin deletes too.
        copied_ids: A copy keeps its source's id, or gets a new one. (A second copy of one backup always
            gets a new one, for the first has the id; a failed one is replaced.)
        copied_parent: A copy's `parent_id` is the source's parent, or the parent's copy.
        copied_created: A copy's `created` is the source's, or the time it was made.
        copied_location: The id in a copy's `locationRef` is the source's, or the copy's own.
        second_copy: A backup that is COPYING is refused with 422, or copied again.
        copy_implemented: False: this deployment has no copy and answers 501.
        order: Lists go by id, or the newest first.
        links: A list without a next page has an empty `links`, or none.
        next_origin: Scheme and host of `next` links where they are not those that were asked, such as
            `https://databases.internal`.
        opaque_markers: Markers are not ids.
        endless_pages: The last page points at itself.
        naive_times: Times have no `Z`.
        expires_with_offset: The token's expiry is given as `-05:00`, not as `Z`.
        same_token: A login while a token is valid returns that one.
        missing_token_status: A request without any token is answered with this.
        token_seconds: How long a token lives.
        copy_base_seconds: How long a copy takes, whatever its size.
        copy_seconds_per_gb: How long a copy takes for each GB.
        destination_lag_seconds: By how much work the destination shows less than the source.
    """

    # Named by pydantic: the control interface reads these switches from JSON.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    role: Role = "dbaas:creator"
    copied_ids: Literal["kept", "new"] = "kept"
    copied_parent: Literal["source", "copied"] = "source"
    copied_created: Literal["source", "now"] = "source"
    copied_location: Literal["source", "copied"] = "source"
    second_copy: Literal["refused", "accepted"] = "refused"
    copy_implemented: bool = True
    order: Literal["id", "newest"] = "id"
    links: Literal["always", "truncated"] = "truncated"
    next_origin: str | None = None
    opaque_markers: bool = False
    endless_pages: bool = False
    naive_times: bool = False
    expires_with_offset: bool = False
    same_token: bool = True
    missing_token_status: Literal[401, 500] = 401
    token_seconds: Seconds = 24 * 3600
    copy_base_seconds: Seconds = 30.0
    copy_seconds_per_gb: Seconds = 45.0
    destination_lag_seconds: Seconds = 0.0
