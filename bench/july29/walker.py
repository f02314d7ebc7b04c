"""`python -m bench.july29.walker`: runs `deliver --once --now=INSTANT` for each line it reads.

The command, in a process that stays: forty instants must not cost forty starts of Python.
"""

import sys

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    for line in sys.stdin:
        call_command("deliver", once=True, now=line.strip(), stdout=sys.stderr)
        print("done", flush=True)


if __name__ == "__main__":
    main()
