"""The database itself refuses to change the chain, and a role of its own cannot even try."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.db.utils import ProgrammingError

from hosts import records, sealing
from hosts.models import Record, RecordKind, Seal
from tests.factories import make_user

pytestmark = pytest.mark.django_db

postgresql_only = pytest.mark.skipif(
    "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has no roles"
)


@pytest.fixture
def link(now):
    records.record(RecordKind.TEXT, about="page:terms", by=make_user(), now=now, details="Heron")
    sealing.seal(now)
    return Seal.objects.get()


def refused(statement, match):
    with (
        pytest.raises(DatabaseError, match=match),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE hosts_seal SET words = 'other'", "DELETE FROM hosts_seal WHERE position = 1"],
)
def test_a_link_is_neither_changed_nor_deleted(link, statement):
    refused(statement, "append-only")

    assert sealing.verify().problems == []


@postgresql_only
def test_the_chain_is_not_emptied(link):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else TRUNCATE waits for the commit
    refused("TRUNCATE hosts_seal", "append-only")
    refused("TRUNCATE hosts_record CASCADE", "append-only")


def test_a_link_is_not_replaced(link):
    if connection.vendor == "postgresql":
        statement = (
            "INSERT INTO hosts_seal SELECT * FROM hosts_seal"
            " ON CONFLICT (position) DO UPDATE SET words = 'other'"
        )
    else:
        statement = "INSERT OR REPLACE INTO hosts_seal SELECT * FROM hosts_seal"

    refused(statement, "append-only")


def test_a_record_of_the_chain_is_not_deleted_beside_it(link):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM hosts_record")

    with pytest.raises(DatabaseError):  # what a commit asks
        connection.check_constraints()
    transaction.set_rollback(True)


def statements_of_operations():
    """The SQL of the two roles, out of the operator's handbook."""
    text = Path("docs/operations.md").read_text()
    block = re.search(r"<!-- two roles -->\n\n((?:    .*\n|\n)+)", text)[1]
    return [part.strip() for part in block.replace("barnstorm_app", "app_of_test").split(";")]


@pytest.fixture
def as_the_sites_role(link):
    """This connection has the rights of the role that the handbook gives to the site."""
    with connection.cursor() as cursor:
        for statement in filter(None, statements_of_operations()):
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL ROLE app_of_test")
        yield
        cursor.execute("RESET ROLE")


@postgresql_only
def test_the_sites_role_can_do_its_work(as_the_sites_role, now):
    records.record(RecordKind.TEXT, about="page:privacy", by=make_user(), now=now)

    assert sealing.seal(now) == 1
    assert Record.objects.filter(about="page:terms").blank() == 1
    assert sealing.verify().problems == []


@postgresql_only
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hosts_seal SET words = 'other'",
        "DELETE FROM hosts_seal",
        "TRUNCATE hosts_seal",
        "UPDATE hosts_record SET words = 'other'",
        "DELETE FROM hosts_record",
    ],
)
def test_the_sites_role_may_not_touch_what_is_written(as_the_sites_role, statement):
    refused(statement, "permission denied")


@postgresql_only
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE hosts_seal DISABLE TRIGGER USER",
        "DROP TRIGGER hosts_seal_stays ON hosts_seal",
        "DROP TABLE hosts_seal",
        "CREATE TABLE another (id int)",
    ],
)
def test_the_sites_role_may_not_take_the_guards_away(as_the_sites_role, statement):
    refused(statement, "must be owner|permission denied")


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_one_process_seals_at_a_time(now):
    records.record(RecordKind.TEXT, about="page:terms", by=None, now=now)
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sealing._TURN])
            meanwhile = sealing.seal(now)
        other.rollback()
    except ProgrammingError:
        other.close()
        raise
    other.close()

    assert meanwhile == 0
    assert sealing.seal(now) == 1
    assert sealing.verify().problems == []
