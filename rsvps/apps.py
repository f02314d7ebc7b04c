from django.apps import AppConfig


class RsvpsConfig(AppConfig):
    name = "rsvps"

    def ready(self) -> None:
        from outbox.letters import register_planner
        from rsvps import checks, letters, reminders  # noqa: F401  (checks register themselves)

        letters.register_letters()
        register_planner("reminders", reminders.plan)
