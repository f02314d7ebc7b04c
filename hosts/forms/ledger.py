"""Which of the letters that wait are to be withdrawn together: staff's form."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hosts.withdrawing import ONCE, Withdrawal
from outbox import letters, overview


class WithdrawForm(forms.Form):
    """What was due before an instant: everything, what must not come twice, or one kind."""

    topic = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    before = forms.DateTimeField(
        label=gettext_lazy("Due before (UTC)"),
        error_messages={
            "required": gettext_lazy("Pick a day and time."),
            "invalid": gettext_lazy("Pick a day and time."),
        },
        widget=forms.DateTimeInput(
            # To the second, as the notice after a restore says it.
            attrs={"type": "datetime-local", "step": 1, "class": "form-control"},
            format="%Y-%m-%dT%H:%M:%S",
        ),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Which letters"),
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now
        titles = [
            (name, overview.title_of(name))
            for name, kind in letters.kinds().items()
            if not kind.account_mail
        ]
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (ONCE, _("What must not come twice: reminders, thanks, news")),
            ("", _("Everything but login codes")),
            *sorted(titles, key=lambda choice: choice[1]),
        ]

    def clean_before(self) -> datetime:
        before = self.cleaned_data["before"]
        if before > self._now:
            raise ValidationError(_("Choose a time that has passed."))
        return before

    def withdrawal(self) -> Withdrawal:
        """What a valid form asks for."""
        return Withdrawal(**self.cleaned_data)
