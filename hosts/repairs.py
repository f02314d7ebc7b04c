"""Django's admin, for repairs only: what it lets in, and what it lets them do.

It has no log-in of its own, so that nobody walks around allauth's rate limits and second
factor. Every field that has a writer function is read-only there; nothing is added or deleted.
"""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from hosts.roles import senior_required


class RepairSite(admin.AdminSite):
    site_header = _("Repairs")
    site_title = _("Repairs")
    index_title = _("For repairs only: prefer the review desk")

    def admin_view(self, view, cacheable: bool = False):
        return senior_required(super().admin_view(view, cacheable))

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active  # admin_view has let in seniors alone

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return redirect("account_login")

    def password_change(  # type: ignore[override]  # ours answers with a redirect
        self, request: HttpRequest, extra_context: dict | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")  # which tells the person by mail


class RepairAdmin(admin.ModelAdmin):
    """View and mend; whatever is not in `mendable` is read-only."""

    mendable: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None):
        hidden = {*self.mendable, *(self.exclude or ())}
        return [field.name for field in self.opts.fields if field.name not in hidden]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(self.mendable)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
