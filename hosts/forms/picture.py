"""The picture's field: says kindly why a file cannot be used."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from hosts.pictures import PictureRefused, keep_picture

_WORDS = {
    "size": _("This file is too large. Please choose a picture under 12 MB."),
    "pixels": _(
        "This picture is too large: 32 megapixels is the limit. A smaller copy, or a"
        " screenshot of it, will work."
    ),
    "small": _("This picture is very small. Please choose one at least 200 pixels wide and high."),
    "svg": _("This is a drawing (SVG), not a photo. Please choose a JPEG or PNG picture."),
    "unreadable": _(
        "We couldn't read this file as a picture. Please choose a JPEG, PNG, WebP, or GIF."
    ),
}


class PictureField(forms.FileField):
    """An uploaded picture, stored anew; its clean value is the stored name, "" for none."""

    widget = forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"})

    def clean(self, data: Any, initial: Any = None) -> str:
        file = forms.FileField(required=False, allow_empty_file=True).clean(data)
        if not file:
            return ""
        try:
            return keep_picture(file, size=file.size)
        except PictureRefused as refused:
            raise ValidationError(_WORDS[refused.reason], code=refused.reason) from None
