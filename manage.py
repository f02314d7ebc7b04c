#!/usr/bin/env python
"""Run Barnstorm's management commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] in (["demo"], ["demo_code"]) and "DATABASE_URL" not in os.environ:
        # In a clone these two mean its own demo; next to a real database they refuse.
        os.environ.setdefault("BARNSTORM_MODE", "demo")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
