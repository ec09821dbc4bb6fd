"""The names of copies: from a template, never too long, each given once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backup import LONGEST_NAME
from bot.domain.names import PLACE, USUAL_TEMPLATE, name_from, not_taken, suggested_name

around = st.text(alphabet=st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=30)
names = st.text(min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{name}-copy", "nightly-copy"),
        ("dr-{name}", "dr-nightly"),
        ("{name}/{name}", "nightly/nightly"),
        ("before-migration", "before-migration"),
        ("{nome}", "{nome}"),
    ],
)
def test_a_template_says_where_the_name_of_the_backup_goes(template: str, name: str) -> None:
    assert name_from(template, "nightly") == name


def test_the_usual_name_is_that_of_rackspaces_own_panel() -> None:
    assert suggested_name("nightly") == "nightly-copy"
    assert name_from(USUAL_TEMPLATE, "nightly") == suggested_name("nightly")


def test_a_name_of_64_characters_is_cut_so_that_the_ending_stays() -> None:
    assert suggested_name("n" * 64) == "n" * 59 + "-copy"


@given(st.lists(around, min_size=2, max_size=4).filter(lambda parts: len("".join(parts)) <= LONGEST_NAME), names)
def test_a_name_is_within_its_length_and_what_stands_around_stays(parts: list[str], backup_name: str) -> None:
    name = name_from(PLACE.join(parts), backup_name)
    assert len(name) <= LONGEST_NAME
    assert name.startswith(parts[0])
    assert name.endswith(parts[-1])


@given(st.text(alphabet="n", min_size=1, max_size=LONGEST_NAME), st.integers(0, 120))
def test_names_given_one_after_the_other_are_all_different_and_none_is_too_long(name: str, others: int) -> None:
    taken: list[str] = []
    for _ in range(others):
        taken.append(not_taken(name, taken))
    assert len(set(taken)) == others
    assert all(0 < len(each) <= LONGEST_NAME for each in taken)
    assert taken[:1] in ([], [name])


@given(st.lists(names.map(suggested_name), max_size=30))
def test_a_name_that_nobody_has_is_given_as_it_is(wanted: list[str]) -> None:
    taken: set[str] = set()
    for name in wanted:
        given_name = not_taken(name, taken)
        assert given_name not in taken
        assert (given_name == name) == (name not in taken)
        taken.add(given_name)


def test_the_first_number_that_makes_it_another_stands_behind_a_name() -> None:
    assert not_taken("nightly", {"nightly", "nightly-2", "nightly-4"}) == "nightly-3"
    assert not_taken("n" * 64, {"n" * 64}) == "n" * 62 + "-2"
