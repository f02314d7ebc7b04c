"""Who is coming: supporters, seats, invitations, replies."""

from django.urls import path

from rsvps import views

urlpatterns = [
    path("c/<str:token>/", views.confirm, name="confirm"),
    path("r/<str:token>/", views.manage, name="manage"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("rsvp/resend/", views.resend, name="resend"),
]
