"""Salts for the records there are, and triggers that refuse to change or delete links.

An empty chain may be truncated: nothing is lost, and test databases are emptied that way. On
SQLite a later migration that makes hosts_seal anew must make the triggers anew too
(tests/hosts/test_audit_triggers.py finds out).
"""

from secrets import token_hex

from django.db import migrations

POSTGRESQL = (
    """
    CREATE FUNCTION hosts_seal_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT 1 FROM hosts_seal) THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION 'hosts_seal is append-only: % refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER hosts_seal_stays BEFORE UPDATE OR DELETE ON hosts_seal
    FOR EACH ROW EXECUTE FUNCTION hosts_seal_stays()
    """,
    """
    CREATE TRIGGER hosts_seal_is_not_emptied BEFORE TRUNCATE ON hosts_seal
    FOR EACH STATEMENT EXECUTE FUNCTION hosts_seal_stays()
    """,
)
SQLITE = (
    """
    CREATE TRIGGER hosts_seal_is_not_changed BEFORE UPDATE ON hosts_seal
    BEGIN SELECT RAISE(ABORT, 'hosts_seal is append-only: UPDATE refused'); END
    """,
    """
    CREATE TRIGGER hosts_seal_is_not_deleted BEFORE DELETE ON hosts_seal
    BEGIN SELECT RAISE(ABORT, 'hosts_seal is append-only: DELETE refused'); END
    """,
    # INSERT OR REPLACE deletes without a word to the trigger above.
    """
    CREATE TRIGGER hosts_seal_is_not_replaced BEFORE INSERT ON hosts_seal
    WHEN EXISTS (
        SELECT 1 FROM hosts_seal WHERE position = NEW.position OR record_id = NEW.record_id
    )
    BEGIN SELECT RAISE(ABORT, 'hosts_seal is append-only: REPLACE refused'); END
    """,
)
_UNDO = {
    "postgresql": (
        "DROP TRIGGER hosts_seal_stays ON hosts_seal",
        "DROP TRIGGER hosts_seal_is_not_emptied ON hosts_seal",
        "DROP FUNCTION hosts_seal_stays()",
    ),
    "sqlite": (
        "DROP TRIGGER hosts_seal_is_not_changed",
        "DROP TRIGGER hosts_seal_is_not_deleted",
        "DROP TRIGGER hosts_seal_is_not_replaced",
    ),
}


def salt(apps, schema_editor):
    Record = apps.get_model("hosts", "Record")
    for key in list(Record.objects.filter(salt="").values_list("pk", flat=True)):
        Record.objects.filter(pk=key).update(salt=token_hex(16))


def guard(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    for statement in _UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("hosts", "0003_audit_chain")]

    operations = [
        migrations.RunPython(salt, migrations.RunPython.noop),
        migrations.RunPython(guard, unguard),
    ]
