"""Addresses that take no letters: from plain hashes, which can be guessed, to keyed ones."""

import hashlib
import hmac

from django.conf import settings
from django.db import migrations


def key(apps, schema_editor):
    for name in ("Suppression", "SoftBounce"):
        model = apps.get_model("outbox", name)
        for row in model.objects.iterator():
            row.digest = hmac.digest(
                settings.ADDRESS_KEY.encode(), row.digest.encode(), hashlib.sha256
            ).hex()
            row.save(update_fields=["digest"])


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [migrations.RunPython(key)]
