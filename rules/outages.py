"""What a service beside us raises when it does not answer."""

from django.conf import settings

REDIS_AWAY: tuple[type[Exception], ...] = (OSError,)
if settings.REDIS_URL:
    # Its package takes 20 MB in every process: only where there is a Redis.
    from redis.exceptions import RedisError

    REDIS_AWAY = (RedisError, OSError)
