"""The cache's table, for sites without Redis; settings.CACHES names it."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    call_command("createcachetable", "cache", verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("hosts", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
