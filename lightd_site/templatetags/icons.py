"""The icons of static/vendor/tabler-icons/, by their names in script/vendored/icons.txt."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """The icon, for the eye only: what it means is said by the text beside it or the label of its button."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        classes,
        static("vendor/tabler-icons/icons.svg"),
        name,
    )
