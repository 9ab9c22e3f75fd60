"""A real server that speaks S3 (SeaweedFS), with an account of its own and an empty bucket."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from embedded.valkey import free_port
from tests.processes import wait_for

ACCESS_KEY, SECRET_KEY, BUCKET = "portal", "khoa-bi-mat-cua-cong", "clips"


class Seaweed:
    """One server on free loopback ports; `port` is that of S3."""

    def __init__(self, directory: Path):
        directory.mkdir()
        self.port = free_port()
        identity = {
            "name": "portal", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        }  # fmt: skip
        (directory / "s3.json").write_text(json.dumps({"identities": [identity]}))
        weed = shutil.which("weed") or str(Path(sys.executable).with_name("weed"))
        ports = [
            f"-{name}={free_port()}"
            for name in ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
                         "filer.port.grpc", "s3.port.grpc")
        ]  # fmt: skip
        self._process = subprocess.Popen(
            [weed, "server", f"-dir={directory}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", f"-s3.port={self.port}",
             "-s3.config=s3.json", "-master.volumeSizeLimitMB=64", "-volume.max=50", "-master.telemetry=false",
             "-s3.port.iceberg=0", "-s3.port.lance=0", f"-filer.localSocket={directory / 'filer.sock'}",
             f"-s3.localSocket={directory / 's3.sock'}", *ports],
            cwd=directory, stdout=(directory / "weed.log").open("w"), stderr=subprocess.STDOUT,
        )  # fmt: skip

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process of the portal use it."""
        return {
            "CLIP_S3_BUCKET": BUCKET, "CLIP_S3_ENDPOINT": self.endpoint, "CLIP_S3_ACCESS_KEY": ACCESS_KEY,
            "CLIP_S3_SECRET_KEY": SECRET_KEY, "CLIP_DELIVERY": "nginx",
        }  # fmt: skip

    def wait(self) -> None:
        def is_there() -> bool:
            try:
                with closing(HTTPConnection("127.0.0.1", self.port, timeout=2)) as connection:
                    connection.request("GET", "/")
                    return connection.getresponse().status == 403
            except (OSError, HTTPException):
                return False

        wait_for(is_there, "SeaweedFS")
        self.client().create_bucket(Bucket=BUCKET)

    def client(self) -> Any:
        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY, config=Config(s3={"addressing_style": "path"}),
        )  # fmt: skip

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def seaweed(directory: Path) -> Iterator[Seaweed]:
    server = Seaweed(directory)
    try:
        server.wait()
        yield server
    finally:
        server.stop()
