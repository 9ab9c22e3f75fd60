"""Directories in world-writable places, which anybody may have prepared for us."""

import os
import stat
from pathlib import Path

import pytest

from embedded import private
from embedded.account import ourselves, server_account
from embedded.private import HostileDirectory, kept_secret, own_place, private_directory, short_path

OURS = ourselves()
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can own files as somebody else")


def test_a_private_directory_is_closed_to_others(tmp_path):
    made = private_directory(tmp_path / "sockets", OURS)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert private_directory(made, OURS) == made


def test_an_open_directory_of_ours_is_closed(tmp_path):
    path = tmp_path / "sockets"
    path.mkdir(mode=0o777)
    path.chmod(0o777)
    private_directory(path, OURS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize("target", ["existing", "missing"])
def test_a_symbolic_link_is_refused(tmp_path, target):
    (tmp_path / "existing").mkdir(mode=0o755)
    (tmp_path / "sockets").symlink_to(tmp_path / target)
    with pytest.raises(HostileDirectory, match="is not a directory"):
        private_directory(tmp_path / "sockets", OURS)
    assert stat.S_IMODE((tmp_path / "existing").stat().st_mode) == 0o755
    assert not (tmp_path / "missing").exists()


def test_a_file_is_refused(tmp_path):
    (tmp_path / "sockets").touch()
    with pytest.raises(HostileDirectory, match="is not a directory"):
        private_directory(tmp_path / "sockets", OURS)


@needs_root
def test_a_directory_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "sockets"
    path.mkdir(mode=0o777)
    os.chown(path, 54321, 54321)
    with pytest.raises(HostileDirectory, match="belongs to uid 54321"):
        private_directory(path, OURS)


@needs_root
def test_not_even_the_servers_account_may_have_made_our_place(tmp_path):
    path = short_path(tmp_path)
    path.mkdir(mode=0o700)
    server_account().give(path)
    try:
        with pytest.raises(HostileDirectory, match="not to us"):
            own_place(tmp_path, server_account())
    finally:
        path.rmdir()


@needs_root
def test_the_servers_account_can_pass_through_our_place_but_change_nothing(tmp_path):
    path = own_place(tmp_path, server_account())
    try:
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (0, 0o711)
    finally:
        path.rmdir()


def test_removing_never_follows_a_link(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (tmp_path / "link").symlink_to(kept)
    private.remove(tmp_path / "link")
    assert (kept / "file").exists()
    assert not (tmp_path / "link").is_symlink()


def test_short_paths_fit_a_socket_however_deep_the_data():
    deep = Path("/" + "/".join(["a" * 200] * 10))
    assert len(str(short_path(deep) / ".s.PGSQL.5432.lock")) < 60
    assert short_path(deep) == short_path(deep)
    assert short_path(deep) != short_path(deep / "other")


def test_a_secret_is_made_once_and_closed_to_others(tmp_path):
    first = kept_secret(tmp_path / "secret")
    assert kept_secret(tmp_path / "secret") == first
    assert len(first) == 48
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
