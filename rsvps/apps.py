from django.apps import AppConfig


class RsvpsConfig(AppConfig):
    name = "rsvps"

    def ready(self) -> None:
        from rsvps import checks  # noqa: F401  (registers itself)
