from django.apps import AppConfig


class RsvpsConfig(AppConfig):
    name = "rsvps"

    def ready(self) -> None:
        from outbox.letters import register_planner
        from rsvps import checks, letters, reminders, signup  # noqa: F401  (checks register themselves)

        letters.register_letters()
        register_planner("reminders", reminders.plan)
        register_planner("seat holds", signup.release_expired_holds)
