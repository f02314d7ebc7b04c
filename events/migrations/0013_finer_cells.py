"""Listings know a finer cell as well, by which the search goes outwards by distance."""

import h3.api.basic_int as h3
from django.db import migrations, models


def fill(apps, schema_editor):
    Listing = apps.get_model("events", "Listing")
    placed = Listing.objects.filter(r7__gt=0).values_list(
        "pk", "event__public_latitude", "event__public_longitude"
    )
    cells = [(h3.latlng_to_cell(lat, lng, 9), pk) for pk, lat, lng in placed.iterator()]
    if cells:
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany("UPDATE events_listing SET r9 = %s WHERE timeslot_id = %s", cells)


class Migration(migrations.Migration):
    dependencies = [("events", "0012_days_in_smaller_cells")]

    operations = [
        migrations.AddField(
            model_name="listing",
            name="r9",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                fields=[
                    "r9",
                    "starts",
                    "timeslot",
                    "event",
                    "x",
                    "y",
                    "z",
                    "day",
                    "minute",
                    "type",
                    "flags",
                    "previous_starts",
                    "previous_day",
                ],
                name="listing_r9",
            ),
        ),
    ]
