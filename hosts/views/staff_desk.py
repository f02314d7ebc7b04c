"""The seniors' page of who is on staff."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hosts import staff
from hosts.forms.accounts import StaffForm
from hosts.models import StaffRole, User
from hosts.roles import UserRequest, senior_required


@senior_required
def staff_page(request: UserRequest) -> HttpResponse:
    form = StaffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        role = StaffRole.SENIOR if form.cleaned_data["senior"] else StaffRole.REVIEWER
        email = form.cleaned_data["email"]
        try:
            staff.invite(email, role=role, by=request.user, now=timezone.now())
        except staff.OwnRole:
            messages.error(request, _own_role())
        except staff.RoleUnchanged:
            messages.info(request, _("%(email)s already has this role.") % {"email": email})
        else:
            messages.success(
                request, _("An invitation to %(email)s is on its way.") % {"email": email}
            )
        return redirect(f"{reverse('staff')}#top")  # where it says what came of it
    people = User.objects.exclude(staff_role="").order_by("-staff_role", "email")
    return render(request, "review/staff.html", {"form": form, "people": people})


@senior_required
@require_POST
def change_role(request: UserRequest, user_id: int) -> HttpResponse:
    user = get_object_or_404(User, pk=user_id)
    wanted = request.POST.get("role", "")
    if wanted not in StaffRole.values:
        messages.error(request, _("There is no such role."))
        return redirect("staff")
    try:
        staff.change_role(user, StaffRole(wanted), by=request.user, now=timezone.now())
    except staff.OwnRole:
        messages.error(request, _own_role())
    except staff.RoleUnchanged:
        messages.info(request, _("Nothing changed: someone else got there first."))
    else:
        messages.success(request, _("Done. It is on the record."))
    return redirect("staff")


def _own_role() -> str:
    return _("You can't change your own role. Ask another senior reviewer.")
