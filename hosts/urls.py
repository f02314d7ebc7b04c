"""Accounts, roles, the host's desk and the staff's review desk."""

from django.urls import path, re_path

from hosts.views import (
    cohosts,
    event_desk,
    event_form,
    guests,
    host_desk,
    review_desk,
    site_pages,
    staff_desk,
    timeslots,
)

urlpatterns = [
    # -- the host's desk
    path("host/", host_desk.desk, name="host_desk"),
    path("host/become/", host_desk.become, name="host_become"),
    path("host/events/new/", host_desk.new_event, name="host_event_new"),
    path("host/events/<int:event_id>/", event_desk.event_page, name="host_event"),
    path("host/events/<int:event_id>/edit/", event_form.edit, name="host_event_edit"),
    path("host/events/<int:event_id>/autosave/", event_form.autosave, name="host_event_autosave"),
    path("host/events/<int:event_id>/discard/", event_form.discard, name="host_event_discard"),
    path("host/events/<int:event_id>/check/", event_form.check, name="host_event_check"),
    path("host/events/<int:event_id>/pin/", event_form.move_pin, name="host_event_pin"),
    path("host/events/<int:event_id>/guests/", event_desk.print_guests, name="host_event_print"),
    path("host/events/<int:event_id>/write/", guests.write, name="host_event_write"),
    path("host/events/<int:event_id>/times/add/", timeslots.add, name="host_time_add"),
    path("host/events/<int:event_id>/cancel/", event_desk.cancel, name="host_event_cancel"),
    path("host/events/<int:event_id>/unlist/", event_desk.unlist, name="host_event_unlist"),
    path("host/events/<int:event_id>/copy/", event_desk.duplicate, name="host_event_copy"),
    path(
        "host/events/<int:event_id>/take-back/",
        event_desk.withdraw_revision,
        name="host_event_take_back",
    ),
    path("host/events/<int:event_id>/cohosts/", event_desk.ask_cohost, name="host_cohost_ask"),
    path(
        "host/events/<int:event_id>/cohosts/<int:cohost_id>/remove/",
        event_desk.remove_cohost,
        name="host_cohost_remove",
    ),
    path("host/times/<int:timeslot_id>/", timeslots.timeslot_page, name="host_time"),
    path("host/guests/<int:rsvp_id>/", guests.guest, name="host_guest"),
    path("host/preview/", event_form.preview, name="host_preview"),
    path("host/zone/", event_form.zone, name="host_zone"),
    path("host/pictures/<str:name>", event_form.picture, name="host_picture"),
    path("host/help/<str:token>/", cohosts.answer, name="cohost_answer"),
    # -- the staff's desk
    path("review/", review_desk.queue, name="review_queue"),
    path("review/events/", review_desk.find, name="review_find"),
    path("review/events/<int:event_id>/", review_desk.event_page, name="review_event"),
    path("review/events/<int:event_id>/decide/", review_desk.decide, name="review_decide"),
    path("review/events/<int:event_id>/fix/", review_desk.fix, name="review_fix"),
    path("review/events/<int:event_id>/pin/", review_desk.fix_pin, name="review_pin"),
    path("review/reports/<int:report_id>/", review_desk.close_report, name="review_report"),
    path("review/hosts/<int:host_id>/", review_desk.stop_trusting, name="review_trust"),
    path("review/staff/", staff_desk.staff_page, name="staff"),
    path("review/staff/<int:user_id>/", staff_desk.change_role, name="staff_role"),
    path("review/records/", staff_desk.records, name="records"),
    path("review/texts/", site_pages.texts, name="site_texts"),
    path("review/texts/agreement/", site_pages.edit_agreement, name="agreement_edit"),
    path("review/texts/<slug:slug>/", site_pages.edit_page, name="site_page_edit"),
    # -- pages of the site
    re_path(r"^(?P<slug>terms|privacy|contact)/$", site_pages.show, name="site_page"),
    path("agreement/", site_pages.agreement, name="agreement"),
]
