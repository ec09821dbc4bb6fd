import json
import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cloud.payloads import read_backup, read_login, read_page
from bot.domain.backup import Backup, Datastore, Origin

DOCUMENTED: dict[str, object] = {
    "status": "COMPLETED",
    "updated": "2015-08-31T22:26:29Z",
    "description": "my_ha_backup2",
    "datastore": {"version": "5.6", "type": "mysql", "version_id": "1379cc8b-4bc5-4c4a-9e9d-7a9ad27c0866"},
    "id": "e1cb03fd-c108-4702-a04b-653491e41a91",
    "size": 0.18,
    "is_automated": 0,
    "name": "ha-backup2",
    "parent_id": "0c1b5616-fdc5-45ae-b2dc-6f1440d55d0e",
    "created": "2015-08-31T22:26:23Z",
    "flavor_ram": 1024,
    "instance_id": None,
    "source": {"type": "ha", "id": "130922a2-b9ab-4e95-86be-9c5d79171b5e"},
    "locationRef": "https://snet-storage101.dfw1.clouddrive.com/v1/MossoCloudFS_938359/z_CLOUDDB_BACKUPS/e1cb.gz",
    "type": "InnoBackupExIncremental",
    "volume_size": 1,
}
"""The example of cloud-databases-api.md, Backups."""


def shown(**changes: object) -> Backup:
    backup = read_backup(json.dumps({"backup": {**DOCUMENTED, **changes}}).encode(), "DFW")
    assert backup is not None
    return backup


def test_the_documented_backup_is_read_in_full() -> None:
    assert shown() == Backup(
        id="e1cb03fd-c108-4702-a04b-653491e41a91",
        region="DFW",
        name="ha-backup2",
        status="COMPLETED",
        parent_id="0c1b5616-fdc5-45ae-b2dc-6f1440d55d0e",
        description="my_ha_backup2",
        size_gb=0.18,
        created=datetime(2015, 8, 31, 22, 26, 23, tzinfo=UTC),
        updated=datetime(2015, 8, 31, 22, 26, 29, tzinfo=UTC),
        datastore=Datastore("mysql", "5.6"),
        origin=Origin("ha", "130922a2-b9ab-4e95-86be-9c5d79171b5e"),
        kind="InnoBackupExIncremental",
        is_automated=False,
        location="https://snet-storage101.dfw1.clouddrive.com/v1/MossoCloudFS_938359/z_CLOUDDB_BACKUPS/e1cb.gz",
    )


def test_a_backup_of_which_only_the_id_is_known_is_a_backup() -> None:
    assert read_backup(b'{"backup": {"id": "a"}}', "DFW") == Backup("a", "DFW", "", "UNKNOWN")


@pytest.mark.parametrize("field", sorted(DOCUMENTED.keys() - {"id"}))
def test_any_other_field_may_be_null(field: str) -> None:
    assert shown(**{field: None}).id == DOCUMENTED["id"]


@pytest.mark.parametrize("field", ["name", "description"])
def test_a_nul_which_no_database_keeps_is_read_as_a_character_that_is_unknown(field: str) -> None:
    assert getattr(shown(**{field: "before\0after"}), field) == "before\ufffdafter"


@pytest.mark.parametrize("field", sorted(DOCUMENTED.keys() - {"id", "parent_id"}))
@pytest.mark.parametrize("value", [{}, [], "", "?", -1, {"type": None}, [[]], True], ids=str)
def test_a_field_that_cannot_be_read_does_not_hide_the_backup(field: str, value: object) -> None:
    assert shown(**{field: value}).id == DOCUMENTED["id"]


def test_an_unknown_status_and_unknown_fields_are_no_trouble() -> None:
    assert shown(status="HIBERNATING", new_field={"deep": [1]}).status == "HIBERNATING"


@pytest.mark.parametrize(
    ("sent", "read"), [(0, False), (1, True), (True, True), (False, False), ("1", True), (None, False), ("?", False)]
)
def test_is_automated_is_a_number_or_a_boolean(sent: object, read: bool) -> None:
    assert shown(is_automated=sent).is_automated is read


@pytest.mark.parametrize(("sent", "read"), [(1, 1.0), ("0.18", 0.18), (None, None), ("much", None), ({}, None)])
def test_a_size_may_be_text(sent: object, read: float | None) -> None:
    assert shown(size=sent).size_gb == read


def test_a_size_that_is_no_number_is_unknown() -> None:
    assert read_backup(b'{"backup": {"id": "a", "size": NaN}}', "DFW") == Backup("a", "DFW", "", "UNKNOWN")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2015-09-01T03:22:01Z", datetime(2015, 9, 1, 3, 22, 1, tzinfo=UTC)),
        ("2015-09-01T03:22:01", datetime(2015, 9, 1, 3, 22, 1, tzinfo=UTC)),
        ("2015-08-31T22:22:01-05:00", datetime(2015, 9, 1, 3, 22, 1, tzinfo=UTC)),
        ("2015-09-01T03:22:01.250Z", datetime(2015, 9, 1, 3, 22, 1, 250_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00+05:00", None),
        ("yesterday", None),
    ],
)
def test_times_are_utc_with_or_without_a_zone(sent: str, read: datetime | None) -> None:
    assert shown(created=sent).created == read


@pytest.mark.parametrize("source", [{}, None, {"type": "ha"}, {"id": "x"}, {"type": "", "id": ""}, "ha"], ids=str)
def test_without_a_whole_source_the_instance_is_the_origin(source: object) -> None:
    assert shown(source=source, instance_id="i-1").origin == Origin("instance", "i-1")
    assert shown(source=source, instance_id=None).origin is None


def test_a_source_says_more_than_the_instance() -> None:
    assert shown(instance_id="i-1").origin == Origin("ha", "130922a2-b9ab-4e95-86be-9c5d79171b5e")


def test_a_datastore_may_have_no_version_or_a_number() -> None:
    assert shown(datastore={"type": "mysql"}).datastore == Datastore("mysql")
    assert shown(datastore={"type": "mysql", "version": 5.6}).datastore == Datastore("mysql", "5.6")


@pytest.mark.parametrize("parent", [None, ""])
def test_without_a_parent_it_is_a_full_backup(parent: object) -> None:
    assert not shown(parent_id=parent).is_incremental


@pytest.mark.parametrize(
    "changes",
    [{"id": None}, {"id": ""}, {"id": []}, {"id": "a\0b"}, {"parent_id": {}}, {"parent_id": [1]}, {"parent_id": "\0"}],
)
def test_a_backup_without_id_or_with_a_parent_that_cannot_be_read_is_none(changes: dict[str, object]) -> None:
    document = {"backup": {**DOCUMENTED, **changes}}
    assert read_backup(json.dumps(document).encode(), "DFW") is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"backup": null}', b'{"backups": []}', b"\xff"])
def test_what_shows_no_backup_is_none(body: bytes) -> None:
    assert read_backup(body, "DFW") is None


def listed(*backups: object, **more: object) -> bytes:
    return json.dumps({"backups": backups, **more}).encode()


@pytest.mark.parametrize(
    "broken",
    [{"name": "no id"}, None, 7, "text", {"id": "broken-1", "parent_id": []}, {"id": "broken-1\0"}],
    ids=str,
)
def test_one_broken_backup_never_hides_the_others_and_is_logged(
    broken: object, caplog: pytest.LogCaptureFixture
) -> None:
    page = read_page(listed({"id": "a"}, broken, {"id": "b"}), "IAD")
    assert page is not None
    assert [backup.id for backup in page.backups] == ["a", "b"]
    (line,) = caplog.messages
    assert "of IAD" in line
    if isinstance(broken, dict) and "id" in broken:
        assert "broken-1" in line


def test_the_log_of_a_broken_backup_does_not_say_what_was_in_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        read_page(listed({"id": None, "description": "s3cr3t", "parent_id": ["s3cr3t"]}), "IAD")
    assert caplog.messages
    assert "s3cr3t" not in caplog.text


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"backups": null}', b'{"backups": {}}', b"\xff"])
def test_what_is_no_list_is_none(body: bytes) -> None:
    assert read_page(body, "DFW") is None


@pytest.mark.parametrize(
    ("links", "marker"),
    [
        ([{"rel": "next", "href": "http://127.0.0.1/v1.0/1/backups?marker=abc&limit=20"}], "abc"),
        ([{"rel": "next", "href": "https://elsewhere.example/other?limit=20&marker=a%2Bb%3D"}], "a+b="),
        ([{"rel": "next", "href": "/v1.0/1/backups?marker=abc"}], "abc"),
        ([{"rel": "self", "href": "?marker=no"}, {"rel": "next", "href": "?marker=yes"}], "yes"),
        ([{"rel": "previous", "href": "?marker=no"}], None),
        ([{"rel": "next", "href": "http://host/backups?limit=20"}], None),
        ([{"rel": "next", "href": "http://[broken?marker=x"}], None),
        ([{"rel": "next", "href": None}, None, "text", 7], None),
        ([], None),
        (None, None),
        ("text", None),
        ({}, None),
    ],
)
def test_of_a_next_link_only_the_marker_counts(links: object, marker: str | None) -> None:
    page = read_page(listed({"id": "a"}, links=links), "DFW")
    assert page is not None
    assert page.next_marker == marker


def test_a_list_may_have_no_links_at_all() -> None:
    page = read_page(listed(), "DFW")
    assert page is not None
    assert (page.backups, page.next_marker) == ((), None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(changes=st.dictionaries(st.sampled_from(sorted(DOCUMENTED)), JSON))
def test_whatever_stands_in_a_backup_its_neighbour_is_read(changes: dict[str, object]) -> None:
    page = read_page(listed({**DOCUMENTED, **changes}, {"id": "neighbour"}), "DFW")
    assert page is not None
    assert page.backups[-1].id == "neighbour"


def login(**access: object) -> bytes:
    return json.dumps({"access": {"token": {"id": "s3cr3t"}, **access}}).encode()


def test_a_login_needs_only_a_token() -> None:
    read = read_login(login())
    assert read is not None
    assert (read.token.get_secret_value(), read.expires, read.account) == ("s3cr3t", None, "")
    assert (read.endpoints, read.roles) == ({}, ())


@pytest.mark.parametrize(
    "expires", ["2014-11-24T22:05:39.115Z", "2014-11-24T17:05:39.115-05:00", "2014-11-24T22:05:39.115"]
)
def test_the_end_of_a_token_comes_in_three_forms(expires: str) -> None:
    read = read_login(login(token={"id": "s3cr3t", "expires": expires, "tenant": {"id": 110011}}))
    assert read is not None
    assert read.expires == datetime(2014, 11, 24, 22, 5, 39, 115_000, tzinfo=UTC)
    assert read.account == "110011"


def test_the_endpoints_are_those_of_cloud_databases() -> None:
    databases = [
        {"publicURL": "https://syd.databases.api.rackspacecloud.com/v1.0/110011/", "region": "SYD"},
        {"publicURL": None, "region": "DFW"},
        {"publicURL": "https://nowhere"},
        None,
    ]
    catalog = [
        {"name": "cloudFiles", "type": "object-store", "endpoints": [{"publicURL": "https://files", "region": "DFW"}]},
        {"name": "cloudDatabases", "type": "rax:database", "endpoints": databases},
        {"type": "broken", "endpoints": 7},
    ]
    read = read_login(login(serviceCatalog=catalog, user={"roles": [{"name": "dbaas:observer"}, {"id": "7"}, None]}))
    assert read is not None
    assert read.endpoints == {"SYD": "https://syd.databases.api.rackspacecloud.com/v1.0/110011"}
    assert read.account == "110011"
    assert read.roles == ("dbaas:observer",)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"access": {}}', b'{"access": {"token": {"id": ""}}}'])
def test_what_has_no_token_is_no_login(body: bytes) -> None:
    assert read_login(body) is None


def test_a_login_does_not_show_its_token() -> None:
    assert "s3cr3t" not in repr(read_login(login()))
