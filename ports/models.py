"""The pool: every ip:port/protocol that containers may publish, and who holds it."""

from django.db import models

LOWEST_PORT = 1
HIGHEST_PORT = 65535


class Protocol(models.TextChoices):
    TCP = "tcp"
    UDP = "udp"


IN_USE = models.Q(container__isnull=False) | models.Q(held=True)


class PortQuerySet(models.QuerySet["Port"]):
    def free(self) -> "PortQuerySet":
        return self.filter(container=None, held=False)

    def in_use(self) -> "PortQuerySet":
        return self.filter(IN_USE)


class Port(models.Model):
    """One row for each ip:port/protocol. Containers take it and give it back by `ports.pool` alone; administrators add,
    hold and delete it by `ports.administration` and Django's admin.

    `container_port` is where it leads in its container; None: free, or held by hand.
    """

    ip = models.GenericIPAddressField(default="0.0.0.0")  # noqa: S104 - what Docker calls every address
    port = models.PositiveIntegerField()
    protocol = models.CharField(max_length=3, choices=Protocol.choices, default=Protocol.TCP)
    container = models.ForeignKey(
        "containers.Container", null=True, blank=True, on_delete=models.SET_NULL, related_name="ports"
    )
    container_port = models.PositiveIntegerField(null=True, blank=True)
    # The place of this port in its container's list.
    position = models.PositiveSmallIntegerField(default=0)
    # Kept for a rebind that is under way; not published yet.
    reserved = models.BooleanField(default=False)
    # Marked as in use by hand, for something that is not one of our containers.
    held = models.BooleanField(default=False)

    objects = PortQuerySet.as_manager()

    class Meta:
        ordering = ["ip", "port", "protocol"]
        constraints = [
            models.UniqueConstraint(fields=["ip", "port", "protocol"], name="port_once_in_pool"),
            models.CheckConstraint(condition=models.Q(port__range=(LOWEST_PORT, HIGHEST_PORT)), name="port_in_range"),
            models.CheckConstraint(
                condition=models.Q(container_port=None) | models.Q(container_port__range=(LOWEST_PORT, HIGHEST_PORT)),
                name="container_port_in_range",
            ),
            models.CheckConstraint(condition=models.Q(protocol__in=Protocol.values), name="port_protocol_known"),
            models.CheckConstraint(
                condition=models.Q(container=None) | models.Q(held=False), name="port_held_or_taken"
            ),
        ]
        indexes = [
            models.Index(fields=["port", "protocol"], name="ports_that_clash"),
            models.Index(
                fields=["protocol", "ip", "port"],
                condition=models.Q(container=None, held=False),
                name="free_ports",
            ),
        ]

    def __str__(self) -> str:
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{host}:{self.port}/{self.protocol}"

    @property
    def in_use(self) -> bool:
        return self.held or self.container_id is not None
