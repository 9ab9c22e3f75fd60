"""Clips in S3 or something like it: a storage that says in one way that it cannot be reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files import File
from storages.backends.s3 import S3Storage

from videos.storage import storage_down

CLIENT = Config(
    # Whoever asks for a clip while its storage is down must not hold a web thread for a minute.
    connect_timeout=1,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 2},
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    # What is like S3 does not always know the newer checksums.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@contextmanager
def reached() -> Iterator[None]:
    """Raises storage_down for no answer, a late one, or a server that has failed."""
    try:
        yield
    except BotoCoreError as error:
        raise storage_down() from error
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500:
            raise
        raise storage_down() from error


class ClipS3Storage(S3Storage):
    """S3Storage with signed addresses and short patience; raises storage_down instead of its library's many errors."""

    def get_default_settings(self) -> dict[str, Any]:
        return super().get_default_settings() | {
            "querystring_auth": True,
            "querystring_expire": settings.CLIP_URL_SECONDS,
            "default_acl": None,
            "file_overwrite": True,
            "client_config": CLIENT,
        }

    def exists(self, name: str) -> bool:
        with reached():
            return super().exists(name)

    def size(self, name: str) -> int:
        with reached():
            return super().size(name)

    def delete(self, name: str) -> None:
        with reached():
            super().delete(name)

    def _open(self, name: str, mode: str = "rb") -> Any:
        with reached():
            return super()._open(name, mode)

    def _save(self, name: str, content: "File[Any]") -> str:
        with reached():
            return super()._save(name, content)
