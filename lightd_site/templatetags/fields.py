"""Django's form fields as Tabler's style sheet knows them."""

from typing import Any, cast

from django import template
from django.forms import BoundField, CheckboxInput, RadioSelect, Select, Widget
from django.forms.widgets import ChoiceWidget
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's input alone; `_field.html` puts label, help and errors around it."""
    classes = [field.field.widget.attrs.get("class", ""), _class_of(field.field.widget)]
    if field.errors:
        classes.append("is-invalid")
    return field.as_widget(attrs={"class": " ".join(filter(None, classes))})


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label belongs behind the input."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def groups(field: BoundField) -> list[tuple[str | None, list[dict[str, Any]], int | None]]:
    """The boxes of a field with many choices in groups: the name of each group, its boxes, and its number."""
    widget = cast(ChoiceWidget, field.field.widget)
    return list(widget.optgroups(field.html_name, widget.format_value(field.value()), {"id": field.auto_id}))


def _class_of(widget: Widget) -> str:
    match widget:
        case CheckboxInput() | RadioSelect():
            return "form-check-input"
        case Select():
            return "form-select"
    return "form-control"
