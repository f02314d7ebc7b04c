from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events import checks, geocoding, spatial, totals  # noqa: F401
        from outbox.letters import register_planner

        register_planner("geocode again", geocoding.geocode_again)
        register_planner("prune listings", spatial.prune)
        register_planner("count events for the map", totals.recount)
