from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "outbox"

    def ready(self) -> None:
        from outbox import bounces, checks, forgetting, letters, previews, suppression  # noqa: F401

        letters.register_planner("outbox.forget", forgetting.forget)
        letters.register_planner("outbox.forget_soft_bounces", suppression.forget_soft_bounces)
        letters.register_inbound(bounces.handle_complaint)
        letters.register_inbound(bounces.handle_delivery_report)
        previews.register_kind()
