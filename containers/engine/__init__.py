"""All of Docker is in this package: nothing else imports `docker` or `aiodocker`."""
