"""The site's settings in test mode, whoever starts pytest and however."""

import os

os.environ["BARNSTORM_MODE"] = "test"
# Live-server tests drive a browser whose library runs an event loop in this thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
