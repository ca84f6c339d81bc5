"""Sentences that have `code` in backticks, as our docstrings and help texts do."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def marked(text: str) -> SafeString:
    """The sentence with its code as code; a backtick without its other half stands for itself."""
    before, *codes = text.split("`")
    if len(codes) % 2:
        return format_html("{}", text)
    pairs = zip(codes[::2], codes[1::2], strict=True)
    return format_html("{}{}", before, format_html_join("", "<code>{}</code>{}", pairs))
