"""A real nginx with deploy/nginx.conf, of which nothing but addresses and folders is changed."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from embedded.valkey import free_port
from tests.processes import wait_for
from tests.videos.uploads.server import call

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is missing. Install it with: apt-get install nginx-light")


def adapted(directory: Path, *, port: int, web: int, answers: int) -> str:
    """The configuration of production on this machine."""
    text = (settings.BASE_DIR / "deploy/nginx.conf").read_text()
    addresses = {
        "listen 8080 default_server;": f"listen 127.0.0.1:{port} default_server;",
        "server web:8000;": f"server 127.0.0.1:{web};",
        "server answers:8000;": f"server 127.0.0.1:{answers};",
        "/tmp/": f"{directory}/",
        "/data/clips/": f"{directory}/clips/",
        "access_log /dev/stdout": f"access_log {directory}/access.log",
        "error_log /dev/stderr": f"error_log {directory}/error.log",
    }
    for theirs, ours in addresses.items():
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    return text


@contextmanager
def proxy(directory: Path, *, web: int, answers: int) -> Iterator[int]:
    """The port of an nginx in front of two pools, given by their ports."""
    directory.mkdir()
    port = free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(adapted(directory, port=port, web=web, answers=answers))
    # Started as root its workers would be nobody, who may not enter the test's folder.
    process = subprocess.Popen(
        [str(NGINX), "-c", str(configuration), "-p", str(directory), "-g", "daemon off; user root;"],
        stderr=(directory / "start.log").open("w"),
    )
    try:
        wait_for(lambda: call(port, "GET", "/health/live", {})[0] == 200, "nginx")
        yield port
    finally:
        process.terminate()
        process.wait(20)
