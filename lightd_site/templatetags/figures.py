"""Figures as people read them (rules/figures.py), in templates."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from rules import figures

register = template.Library()
register.filter("size", figures.size)
register.filter("cores", figures.cores)

METER = mark_safe('min="0" max="100" low="69.99" high="89.99" optimum="0"')


@register.simple_tag
def in_percent() -> SafeString:
    """What makes a <meter> one of percent of a limit: amber from 70, red from 90."""
    return METER
