"""Who is coming: supporters, seats, invitations, replies."""

from django.urls import path

from rsvps.views import alerts, feedback, links, signup

urlpatterns = [
    path("events/<int:id>/rsvp/", signup.rsvp, name="rsvp"),
    path("events/<int:id>/rsvp/sent/", signup.answer, name="rsvp_answer"),
    path("c/<str:token>/", links.confirm, name="confirm"),
    path("r/<str:token>/", links.manage, name="manage"),
    path("r/<str:token>/coming/<int:rsvp_id>/", feedback.coming, name="answer_coming"),
    path("r/<str:token>/cannot/<int:rsvp_id>/", feedback.cannot, name="answer_cannot"),
    path("r/<str:token>/feedback/<int:rsvp_id>/", feedback.give_feedback, name="feedback"),
    path("u/<str:token>", links.unsubscribe, name="unsubscribe"),
    path("alerts/", alerts.ask, name="alerts"),
    path("a/<str:token>", alerts.alert, name="alert"),
    path("rsvp/resend/", signup.resend, name="resend"),
]
