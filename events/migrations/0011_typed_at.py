from django.db import migrations, models
from django.db.models.functions import Now


def begin_now(apps, schema_editor):
    """When what waits was typed, nobody knows; it is kept for as long as if it were today."""
    apps.get_model("events", "Event").objects.exclude(typed={}).update(typed_at=Now())


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0010_accuracy_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="typed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("typed_at__isnull", False)),
                fields=["typed_at"],
                name="event_typed",
            ),
        ),
        migrations.RunPython(begin_now, migrations.RunPython.noop, elidable=True),
    ]
