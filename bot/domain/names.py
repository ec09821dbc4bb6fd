"""The names of copies: from a template, within the length a name may have, each given once."""

from collections.abc import Collection

from bot.domain.backup import LONGEST_NAME

ENDING = "-copy"
"""What Rackspace's own panel puts behind the name of a copy (``cloud-databases-api.md``, The copy)."""

PLACE = "{name}"
"""Stands for the backup's name in a template."""

USUAL_TEMPLATE = PLACE + ENDING


def suggested_name(backup_name: str) -> str:
    """The name a copy gets unless a person gives another."""
    return name_from(USUAL_TEMPLATE, backup_name)


def name_from(template: str, backup_name: str) -> str:
    """The name that a template makes. The backup's name is cut, never what stands around it.

    Args:
        template: with `PLACE` for the backup's name; a template without it is a name.
        backup_name: of the original.
    """
    around = len(template.replace(PLACE, ""))
    places = template.count(PLACE)
    room = max(0, LONGEST_NAME - around) // places if places else 0
    return template.replace(PLACE, backup_name[:room].strip() if len(backup_name) > room else backup_name)


def not_taken(name: str, taken: Collection[str]) -> str:
    """A name that is not taken: the same, or with the first number behind it that makes it another.

    Args:
        name: within the length a name may have.
        taken: names that are given already.
    """
    if name not in taken:
        return name
    number = 2
    while (numbered := f"{name[: LONGEST_NAME - len(str(number)) - 1]}-{number}") in taken:
        number += 1
    return numbered
