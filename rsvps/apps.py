from django.apps import AppConfig


class RsvpsConfig(AppConfig):
    name = "rsvps"

    def ready(self) -> None:
        from outbox.letters import register_inbound, register_planner
        from rsvps import (
            alert_letters,
            alerts,
            checks,  # noqa: F401  (registers itself)
            holds,
            letters,
            limits,
            reminders,
            replies,
        )

        letters.register_letters()
        alert_letters.register_letters()
        register_inbound(replies.receive)
        register_planner("reminders", reminders.plan)
        register_planner("seat holds", holds.release_expired_holds)
        register_planner("alerts", alerts.plan)
        register_planner("rate counts", limits.forget_old_counts)
