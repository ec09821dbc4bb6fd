"""Everything that can be found, happen or go wrong has its words. (Reasons and the thread: see tests/unit/views.)"""

import string

import pytest

from bot.cli.findings import SUBJECTS, WHERE, WORDS, where_it_comes_from
from bot.domain.copies import CopyState
from bot.domain.events import EventKind
from bot.domain.lineage import Evidence
from bot.operations.health import Check, Finding, Subject, Verdict
from bot.settings import Settings
from bot.slack.views import copy_message, history
from bot.slack.views.plan_status import SURE
from tests.fakes.drawings import NOW, copy_of, event_of


@pytest.mark.parametrize("finding", Finding)
def test_every_finding_of_doctor_has_words_and_every_problem_a_cure(finding: Finding) -> None:
    words = WORDS[finding]

    assert words.text
    assert not words.text.endswith(".")
    is_problem = Check(Subject.SETTINGS, finding).verdict is Verdict.PROBLEM
    assert bool(words.cure) == is_problem
    assert not is_problem or words.cure.endswith((".", "methods/{method}."))


def test_no_two_findings_are_told_alike() -> None:
    assert len({words.text for words in WORDS.values()}) == len(Finding)


def test_a_finding_that_cannot_be_looked_at_says_so() -> None:
    unknown = [each for each in Finding if Check(Subject.SETTINGS, each).verdict is Verdict.UNKNOWN]

    for finding in unknown:
        said = WORDS[finding].text
        assert said.startswith("not checked: ") or finding in {Finding.SCOPES_NOT_SAID, Finding.ROLE_NOT_KNOWN}


def test_everything_doctor_looks_at_has_a_name_of_its_own() -> None:
    assert list(SUBJECTS) == list(Subject)
    assert len(set(SUBJECTS.values())) == len(Subject)


def test_words_name_facts_and_nothing_else() -> None:
    for words in WORDS.values():
        for text in (words.text, words.cure):
            fields = [field for _, field, *_ in string.Formatter().parse(text) if field is not None]
            assert all(field.isidentifier() for field in fields)


def test_every_setting_that_must_be_set_says_where_its_value_comes_from() -> None:
    must = [name.upper() for name, field in Settings.model_fields.items() if field.is_required()]

    assert {*must, "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"} <= set(WHERE)
    assert all(name.lower() in Settings.model_fields for name in WHERE)
    assert "README" in where_it_comes_from("PORT")


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_words_in_the_history(kind: EventKind) -> None:
    assert kind in history.WORDS
    assert history.WORDS[kind] in history.event_line(event_of(kind))


@pytest.mark.parametrize("state", CopyState)
def test_every_state_of_a_copy_can_be_drawn(state: CopyState) -> None:
    standing = copy_message.standing_of(copy_of(state=state), now=NOW)

    assert standing.sign.startswith(":")
    assert standing.gist
    assert standing.full


@pytest.mark.parametrize("evidence", Evidence)
def test_every_evidence_says_how_and_how_sure(evidence: Evidence) -> None:
    how, how_sure = SURE[evidence]

    assert how
    assert how_sure
