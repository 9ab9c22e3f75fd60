"""The cache: Redis, and when Redis is away, as if nothing were cached."""

import logging
from time import monotonic
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# One sign-in makes a dozen calls, and each would wait its whole timeout for a Redis that hangs. So a failure
# makes this process leave that Redis alone for a while: a request waits at most once.
REST_SECONDS = 5.0
_resting_until: dict[str, float] = {}


def _fails_open(name: str, default: Any):
    """Wrap the cache method `name` so that a Redis failure gives `default` instead of an error."""

    def method(self, *args, **kwargs):
        server = ",".join(self._servers)
        if monotonic() >= _resting_until.get(server, 0.0):
            try:
                return getattr(super(FailOpenRedisCache, self), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                _resting_until[server] = monotonic() + REST_SECONDS
                logger.warning("cache.%s without Redis: %s", name, type(error).__name__)
        return default(args, kwargs) if callable(default) else default

    method.__name__ = name
    return method


def _asked_default(args, kwargs):
    return kwargs.get("default", args[1] if len(args) > 1 else None)


class FailOpenRedisCache(RedisCache):
    """Django's Redis cache in which every call survives the loss of Redis.

    Reads answer with the caller's default, writes report that nothing was kept. Nothing that must hold
    may rest on the cache. After a failure Redis is asked again when REST_SECONDS have passed.
    """

    add = _fails_open("add", True)
    get = _fails_open("get", _asked_default)
    set = _fails_open("set", None)
    touch = _fails_open("touch", False)
    delete = _fails_open("delete", False)
    get_many = _fails_open("get_many", lambda args, kwargs: {})
    set_many = _fails_open("set_many", lambda args, kwargs: [])
    delete_many = _fails_open("delete_many", None)
    has_key = _fails_open("has_key", False)
    incr = _fails_open("incr", 1)
    clear = _fails_open("clear", False)
