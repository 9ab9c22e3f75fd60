"""The two servers of one DATA_DIR, as far as the user has not named others."""

import os
from typing import Self

from embedded.home import Home
from embedded.postgres import Postgres
from embedded.processes import Failed
from embedded.progress import say
from embedded.valkey import Valkey


class Servers:
    """PostgreSQL and Valkey below DATA_DIR; a server whose URL is in the environment is not ours to start."""

    def __init__(self, home: Home) -> None:
        self._postgres = None if os.environ.get("DATABASE_URL") else Postgres(home.directory / "postgres")
        self._valkey = None if os.environ.get("REDIS_URL") else Valkey(home.directory / "valkey")

    def start(self) -> Self:
        """Start both; a server that is running is left alone. Raises Failed."""
        if self._postgres:
            self._postgres.start()
        if self._valkey:
            self._valkey.start()
        return self

    def stop(self) -> None:
        """Stop Valkey, then PostgreSQL, which waits for no client."""
        if self._valkey:
            self._valkey.stop()
        if self._postgres:
            self._postgres.stop()

    def addresses(self) -> dict[str, str]:
        """DATABASE_URL and REDIS_URL of the servers started here."""
        urls = {}
        if self._postgres:
            urls["DATABASE_URL"] = self._postgres.url
        if self._valkey:
            urls["REDIS_URL"] = self._valkey.url
        return urls

    def revive(self) -> None:
        """Start a server again that has died. Its address stays the same: nothing else need be restarted."""
        for name, server in (("PostgreSQL", self._postgres), ("Valkey", self._valkey)):
            if server and not server.is_running:
                say(f"{name} has died; starting it again (log: {server.log})")
                try:
                    server.start()
                except Failed as error:
                    say(str(error))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()
