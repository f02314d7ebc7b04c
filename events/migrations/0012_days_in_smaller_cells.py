"""Days are counted in smaller cells, and last days besides: all is to be counted anew."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("events", "0011_typed_at")]

    operations = [
        migrations.RunSQL(statement, migrations.RunSQL.noop)
        for statement in (
            "DELETE FROM events_celltotal",
            "DELETE FROM events_celldaytotal",
            "DELETE FROM events_countedevent",
            "DELETE FROM events_countdue",
            "INSERT INTO events_countdue (event_id) SELECT DISTINCT event_id FROM events_listing",
        )
    ]
