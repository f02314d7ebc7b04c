from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class HostsConfig(AppConfig):
    name = "hosts"
    default = True

    def ready(self) -> None:
        from hosts import (
            account_mail,
            decision_letters,
            digest,
            letters,
            own_data,
            pictures,
            retention,
            sealing,
            second_factor,
            sessions,
        )
        from outbox.letters import register_planner

        second_factor.count_set_up_as_proof()
        sessions.renew_when_proved_again()
        account_mail.register_kinds()
        letters.register_letters()
        decision_letters.register_kinds()
        own_data.register_kind()
        register_planner("new_rsvps", digest.plan, every=digest.EVERY)
        register_planner(
            "staff_waiting", decision_letters.remind_staff, every=decision_letters.REMIND_EVERY
        )
        register_planner("seal the record", sealing.seal)
        register_planner("pictures", pictures.sweep, every=pictures.SWEEP_EVERY)
        register_planner("retention", retention.keep_house, every=retention.EVERY)


class RepairsConfig(admin_apps.AdminConfig):
    """Django's admin, opened to senior staff with a second factor only (hosts.repairs)."""

    default = False
    default_site = "hosts.repairs.RepairSite"
