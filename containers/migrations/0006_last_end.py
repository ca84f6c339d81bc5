from django.db import migrations, models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce


def read_from_events(apps, schema_editor):
    ends = apps.get_model("containers", "Event").objects.filter(container=OuterRef("pk"), kind__in=("exit", "crashed"))
    last = Subquery(ends.order_by("-id").values("kind")[:1])
    apps.get_model("containers", "Container").objects.update(last_end=Coalesce(last, models.Value("")))


class Migration(migrations.Migration):
    dependencies = [
        ("containers", "0005_command_history"),
    ]

    operations = [
        migrations.AddField(
            model_name="container",
            name="last_end",
            field=models.CharField(
                blank=True,
                choices=[("exit", "Exit"), ("crashed", "Crashed")],
                default="",
                help_text="Written by `containers.events`; empty: never ran.",
                max_length=7,
            ),
            preserve_default=False,
        ),
        migrations.RunPython(read_from_events, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex(
            model_name="container",
            name="container_by_state",
        ),
        migrations.AddIndex(
            model_name="container",
            index=models.Index(fields=["state", "last_end"], name="container_by_look"),
        ),
    ]
