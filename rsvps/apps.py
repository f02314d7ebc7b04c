from django.apps import AppConfig


class RsvpsConfig(AppConfig):
    name = "rsvps"
