"""What the roles of a user let it do (``cloud-databases-api.md``, Identity)."""

from collections.abc import Iterable

MAY_COPY = frozenset({"dbaas:creator", "dbaas:admin", "admin", "identity:user-admin"})
"""The last is that of the account's owner, who may do everything and has no role of a product."""

MAY_ONLY_LOOK = frozenset({"dbaas:observer", "observer"})


def role_that_only_looks(roles: Iterable[str]) -> str | None:
    """The role by which a user may look and not copy; ``None`` where another role lets it copy, or where no role
    says it: what is not known is left to the service.
    """
    held = frozenset(roles)
    return None if held & MAY_COPY else min(held & MAY_ONLY_LOOK, default=None)
