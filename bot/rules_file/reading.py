"""Reading a file of rules: what it says, or everything that is wrong with it, each mistake with its line."""

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.domain.rules import Rules
from bot.rules_file.lines import Place, line_of, lines_of
from bot.rules_file.tables import RulesTable
from bot.rules_file.values import REGIONS, or_nearest

MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong with the file.

    Attributes:
        line: from 1; 0 where it is about the file as a whole.
        sentence: what is wrong and what it should be, without a full stop.
    """

    line: int
    sentence: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}" if self.line else self.sentence


class RulesFileError(Exception):
    """The file of rules cannot be used. Whoever runs the bot can cure it."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        super().__init__("; ".join(str(mistake) for mistake in self.mistakes))


def digest_of(content: bytes) -> str:
    """What tells one content of the file from another."""
    return hashlib.sha256(content).hexdigest()


def content_of(path: Path) -> bytes:
    """The file. Blocks.

    Raises:
        RulesFileError: it cannot be read, or is too large to be one.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise RulesFileError([Mistake(0, f"{path} cannot be read: {error.strerror}")]) from error
    if len(content) > MOST_BYTES:
        raise RulesFileError([Mistake(0, f"{path} is too large to be a file of rules")])
    return content


def read_rules_file(path: Path, regions: tuple[str, ...]) -> Rules:
    """The rules in a file. Blocks.

    Args:
        path: of the file.
        regions: that this bot copies between.

    Raises:
        RulesFileError: with everything that is wrong.
    """
    return read_rules(content_of(path), regions)


def read_rules(content: bytes, regions: tuple[str, ...]) -> Rules:
    """The rules in the content of a file.

    Args:
        content: as it was read.
        regions: that this bot copies between.

    Raises:
        RulesFileError: with everything that is wrong. After a mistake in the TOML itself nothing more is known.
    """
    text = _text_of(content)
    document = _document_in(text)
    wrong = list(_contradictions(document))
    table: RulesTable | None = None
    try:
        table = RulesTable.model_validate(document, context={REGIONS: regions})
    except ValidationError as error:
        wrong += [_told(detail) for detail in error.errors(include_url=False)]
    if table is None or wrong:
        lines = lines_of(text)
        raise RulesFileError({Mistake(line_of(lines, place), _named(place, document, said)) for place, said in wrong})
    return table.rules()


def _text_of(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RulesFileError([Mistake(line, "this file has to be text in UTF-8")]) from None


_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def _document_in(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said, place = str(error), _AT.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        column = f", at column {place[2]}" if place and place[2] else ""
        sentence = f"this is not TOML{column}: {_AT.sub('', said)}. What comes after it was not looked at"
        raise RulesFileError([Mistake(line, sentence)]) from None


# --- What is wrong by the presence of things ---------------------------------------------------------------------

_Wrong = tuple[Place, str]


def _contradictions(document: Mapping[str, object]) -> Iterator[_Wrong]:
    """What several tables, or the lack of one, make wrong."""
    yield from _names_used_twice(document)
    for place, table in _tables(document, "allow"):
        if not table.keys() & {"people", "groups", "channels"}:
            yield place, "lets nobody ask: name `people`, `groups` or `channels`"
    for place, table in _tables(document, "approval"):
        yield from _never_needed(place, table, document)
        yield from _without_people((*place, "approvers"), table.get("approvers"), "nobody can agree")
    yield from _without_people(("break_glass",), document.get("break_glass"), "nobody may break the glass")
    for place, table in _tables(document, "limit"):
        if not table.keys() & {"running", "gb_running", "copies_a_day", "gb_a_day"}:
            yield place, "limits nothing: set `running`, `gb_running`, `copies_a_day` or `gb_a_day`"
    for place, table in _tables(document, "price"):
        if not table.keys() & {"once", "monthly"}:
            yield place, "is no price: set `once` or `monthly`, for one GB"
    if not document.get("allow"):
        yield ("allow",), "nobody may ask for anything: there has to be an [[allow]]"


def _tables(document: Mapping[str, object], key: str) -> Iterator[tuple[Place, dict[str, object]]]:
    """The tables of a list, those of them that are tables."""
    listed = document.get(key)
    for number, table in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(table, dict):
            yield (key, number), table


def _names_used_twice(document: Mapping[str, object]) -> Iterator[_Wrong]:
    for key in ("allow", "approval", "limit", "freeze"):
        used: Counter[str] = Counter()
        for place, table in _tables(document, key):
            name = table.get("name")
            if isinstance(name, str):
                used[" ".join(name.split())] += 1
                if used[" ".join(name.split())] > 1:
                    yield (*place, "name"), f"there is another [[{key}]] of this name: give each its own"


def _never_needed(place: Place, table: Mapping[str, object], document: Mapping[str, object]) -> Iterator[_Wrong]:
    if table.get("out_of_hours") is True and "hours" not in document:
        yield (*place, "out_of_hours"), "it is not known when that is: say it in [hours]"
    if "costs_more_than" in table and "price" not in document:
        yield (*place, "costs_more_than"), "it is not known what a copy costs: say it in [[price]]"


def _without_people(place: Place, table: object, meaning: str) -> Iterator[_Wrong]:
    if isinstance(table, dict) and not table.keys() & {"people", "groups"}:
        yield place, f"{meaning}: name `people` or `groups`"


# --- What pydantic finds -----------------------------------------------------------------------------------------

_SENTENCES = {
    "missing": "has to be set",
    "string_type": "has to be text, in quotes",
    "list_type": 'has to be a list, such as ["…", "…"]',
    "int_type": "has to be a whole number, without quotes",
    "int_from_float": "has to be a whole number",
    "float_type": "has to be a number, without quotes",
    "finite_number": "has to be a number",
    "bool_type": "has to be true or false, without quotes",
    "greater_than": "has to be more than {gt:g}",
    "greater_than_equal": "has to be {ge:g} or more",
    "literal_error": "has to be {expected}",
}
"""What is said for pydantic's kinds of error; our own say it themselves."""


def _told(detail: ErrorDetails) -> _Wrong:
    place = detail["loc"]
    match detail["type"]:
        case "extra_forbidden":
            return place, _of_unknown(place)
        case "list_type" if len(place) == 1:
            return place, f"write [[{place[0]}]], in two brackets: there may be several"
        case "model_type" | "model_attributes_type" if len(place) == 1:
            return place, f"write [{place[0]}], in one bracket: there is one only"
        case "model_type" | "model_attributes_type":
            return place, 'has to be a table, such as { people = ["U024BE7LH"], groups = ["S0604QSJC"] }'
        case kind:
            usual = detail["msg"].removeprefix("Value error, ")
            return place, _SENTENCES.get(kind, "{usual}").format(**{"usual": usual, **detail.get("ctx", {})})


def _of_unknown(place: Place) -> str:
    """What to write instead of a key or table that is not known."""
    wrong = str(place[-1])
    if wrong == "currency":
        return f"`{wrong}` belongs to the top of the file, before the first table in brackets"
    return f"nothing is known of this name; {or_nearest(wrong, _keys_at(place[:-1]))}"


def _keys_at(place: Place) -> list[str]:
    """The keys that may stand in a table."""
    model: type[BaseModel] = RulesTable
    for name in (part for part in place if isinstance(part, str)):
        model = next(_models_in(model.model_fields[name].annotation))
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - that is what an annotation is
    """The table that a field is, or is a list of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _named(place: Place, document: Mapping[str, object], sentence: str) -> str:
    """A sentence, after the words for the table and the key that it is about."""
    listed = document.get(str(place[0])) if place else None
    table = f"[[{place[0]}]]" if isinstance(listed, list) else f"[{place[0]}]" if isinstance(listed, dict) else ""
    rule = listed[place[1]] if isinstance(listed, list) and len(place) > 1 and isinstance(place[1], int) else None
    name = rule.get("name") if isinstance(rule, dict) else None
    keys = ".".join(str(key) for key in place[1 if table else 0 :] if isinstance(key, str))
    about = " ".join(filter(None, (table, f"“{name}”" if isinstance(name, str) else "", keys)))
    return f"{about}: {sentence}" if about else sentence
