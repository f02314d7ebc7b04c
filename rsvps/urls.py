"""Who is coming: supporters, seats, invitations, replies."""

from django.urls import path

from rsvps import views, views_feedback

urlpatterns = [
    path("c/<str:token>/", views.confirm, name="confirm"),
    path("r/<str:token>/", views.manage, name="manage"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("rsvp/resend/", views.resend, name="resend"),
    path("r/<str:token>/coming/<int:rsvp_id>/", views_feedback.coming, name="answer_coming"),
    path("r/<str:token>/cannot/<int:rsvp_id>/", views_feedback.cannot, name="answer_cannot"),
    path("r/<str:token>/feedback/<int:rsvp_id>/", views_feedback.give_feedback, name="feedback"),
]
