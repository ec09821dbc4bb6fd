"""The rules of the sandbox, with names in place of ids: a workspace that is made anew has other ids each time."""

import re
from collections.abc import Callable
from pathlib import Path

RULES = """\
# The rules of this sandbox. Change the file while the bot runs: it is read again.

[[allow]]
name = "database team"
people = ["@alice", "@bob", "@ana"]

[[approval]]
name = "second person for Asia and Australia"
to = ["HKG", "SYD"]
approvers = { groups = ["@approvers"], people = ["@ana"] }
channel = "#ops-private"

[break_glass]
people = ["@ana"]
channel = "#ops-private"

[[price]]
once = 0.01
monthly = 0.10

[[wanted_age]]
age = "48h"
to = ["IAD"]
"""

WHO_IS_WHO = {
    "alice": "asks for copies",
    "bob": "asks for copies",
    "ana": "asks for copies, approves those of others, may break the glass",
    "carol": "approves copies, may not ask for any",
    "greg": "may not use the bot",
    "otto": "may not use the bot",
}
"""What the rules make of each person of the workspace, in words."""

HINT = (
    "Copies to HKG and SYD need a second person: whoever asks for one sees it wait, and carol or ana approves or "
    "declines it in #ops-private. Be one of them in a second window."
)
"""What somebody has to know to see an approval."""

_NAMED = re.compile(r'"([@#][a-z-]+)"')


def write_rules(path: Path, text: str, id_of: Callable[[str], str]) -> Path:
    """Write rules to a file, with ids in place of names.

    Args:
        path: of the file.
        text: the rules; ``"@alice"`` is a person or a user group, ``"#databases"`` a channel.
        id_of: gives the id of one of those.
    """
    path.write_text(_NAMED.sub(lambda named: f'"{id_of(named[1])}"', text), encoding="utf-8")
    return path
