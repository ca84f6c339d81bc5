from django.apps import AppConfig


class ContainersConfig(AppConfig):
    name = "containers"

    def ready(self) -> None:
        from containers.access import gives_through_volume
        from containers.occupied import running_on
        from volumes.access import also_given_through
        from volumes.uses import also_run

        also_given_through(gives_through_volume)
        also_run(running_on)
