from django.apps import AppConfig


class RsvpsConfig(AppConfig):
    name = "rsvps"

    def ready(self) -> None:
        from outbox.letters import register_inbound, register_planner
        from rsvps import (
            alert_letters,
            alerts,
            buttons,
            checks,  # noqa: F401  (registers itself)
            errands,
            holds,
            letters,
            limits,
            reminders,
            replies,
            signup,
        )

        letters.register_letters()
        alert_letters.register_letters()
        register_inbound(replies.receive)
        errands.register(buttons.SECOND_FORM, signup.see_to_second_form)
        errands.register(buttons.RESEND, lambda email, _, now: buttons.resend(email, now=now))
        register_planner("errands", errands.run)
        register_planner("reminders", reminders.plan)
        register_planner("seat holds", holds.release_expired_holds)
        register_planner("alerts", alerts.plan)
        register_planner("rate counts", limits.forget_old_counts)
