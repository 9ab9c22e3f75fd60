"""PostgreSQL dies under load: nothing acknowledged is lost, nothing happens twice, and the portal comes back."""

import json
import threading

import psycopg2
import pytest

from embedded.postgres import Postgres
from tests.faults.quizzers import API, Caller, Crowd, Portal, lost
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("database outage")]
SESSION = "sessionid=" + "a" * 32


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    portal = Portal(tmp_path_factory.mktemp("portal"), people=250)
    yield portal
    portal.end()


@pytest.fixture(autouse=True)
def whole_again(portal):
    yield
    portal.cluster.start()
    wait_for(lambda: portal.get("/health/ready")[0] == 200, "the portal to be whole again")


def query(portal: Portal, sql: str, *parameters) -> list[tuple]:
    connection = psycopg2.connect(portal.cluster.url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()
    finally:
        connection.close()


def twice(portal: Portal, crowd: Crowd) -> list:
    """People with two attempts, entries doubled, starts called new twice, and receipts that differ."""
    rows = query(portal, "SELECT user_id, count(*) FROM contest_attempt GROUP BY user_id HAVING count(*) > 1")
    rows += query(portal, "SELECT entry, count(*) FROM contest_attempt GROUP BY entry HAVING count(*) > 1")
    rows += [paper for paper in crowd.papers if len(paper.ids) > 1 or paper.news > 1 or len(set(paper.receipts)) > 1]
    return rows


def assert_nothing_lost(portal: Portal, crowd: Crowd) -> None:
    assert crowd.oddities == [], "only successes, and 503 overloaded with Retry-After"
    assert lost(portal, crowd.papers) == []
    assert twice(portal, crowd) == []
    assert crowd.outcomes["acknowledged"] >= 100


# --- kill -9 ----------------------------------------------------------------------------------------


def test_kill_9_under_load_loses_nothing_acknowledged(portal):
    pid = portal.web.pid
    with Crowd(portal, portal.take_tokens(80)) as crowd:
        for _ in range(2):
            crowd.wait_for_acknowledged(60)
            before = crowd.outcomes
            portal.cluster.kill()
            wait_for(lambda before=before: (crowd.outcomes - before)["refused"] >= 8, "the fault to be felt")
            portal.cluster.start()
        crowd.wait_for_acknowledged(60)
    assert_nothing_lost(portal, crowd)
    assert portal.web.pid == pid, "the web process has come back by itself"


def test_control_commits_that_do_not_wait_for_the_disk_are_lost(portal):
    """The same with acknowledgements ahead of the write: PostgreSQL keeps ten seconds of commits to itself."""
    portal.cluster.stop()
    careless = Postgres(
        portal.cluster.directory, settings={"synchronous_commit": "off", "wal_writer_delay": "10s"}
    ).start()
    wait_for(lambda: portal.get("/health/ready")[0] == 200, "the portal on the careless cluster")
    with Crowd(portal, portal.take_tokens(80)) as crowd:
        crowd.wait_for_acknowledged(150)
        careless.kill()
        portal.cluster.start()
    assert lost(portal, crowd.papers) != []


def test_a_submit_that_is_killed_half_way_is_refused_and_its_repetition_is_the_one_submission(portal):
    """A lock holds the submit inside PostgreSQL until the server is killed."""
    (token,) = portal.take_tokens(1)
    attempt = started_and_answered(portal, token)
    holder = psycopg2.connect(portal.cluster.url)
    holder.cursor().execute("SELECT 1 FROM contest_attempt WHERE id = %s FOR UPDATE", [attempt["id"]])
    answers: list[tuple] = []
    thread = threading.Thread(target=lambda: answers.append(submit(portal, attempt)))
    thread.start()
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE contest_attempt%%'"
    wait_for(lambda: query(portal, waiting) != [], "the submit to be under way")
    portal.cluster.kill()
    thread.join(20)
    ((status, headers, text),) = answers
    assert (status, json.loads(text)["code"], headers["retry-after"]) == (503, "overloaded", "2")
    portal.cluster.start()
    states = query(portal, "SELECT state FROM contest_attempt WHERE id = %s", attempt["id"])
    assert states == [("in_progress",)], "a refusal means that nothing was stored"
    again, _, body = submit(portal, attempt)
    assert (again, submit(portal, attempt)[2]) == (200, body)


def started_and_answered(portal: Portal, token: str) -> dict:
    caller = Caller(portal.port)
    _, _, text = caller.call("POST", portal.url, None, {"Authorization": f"Token {token}"})
    attempt = json.loads(text)
    key, path = {"Attempt-Key": attempt["attempt_key"]}, f"{API}/attempts/{attempt['id']}"
    for question in attempt["questions"]:
        body = {"choices": [1], "sequence": 1}
        assert caller.call("PUT", f"{path}/answers/{question['position']}", body, key)[0] == 200
    assert caller.call("PUT", f"{path}/prediction", {"value": 3, "sequence": 1}, key)[0] == 200
    return attempt


def submit(portal: Portal, attempt: dict) -> tuple[int, dict[str, str], str]:
    path = f"{API}/attempts/{attempt['id']}/submit"
    return Caller(portal.port).call("POST", path, {}, {"Attempt-Key": attempt["attempt_key"]})


# --- restart -m fast --------------------------------------------------------------------------------


def test_a_fast_restart_under_load_loses_nothing_acknowledged(portal):
    with Crowd(portal, portal.take_tokens(80)) as crowd:
        for _ in range(2):
            crowd.wait_for_acknowledged(60)
            portal.cluster.restart("fast")
        crowd.wait_for_acknowledged(60)
    assert_nothing_lost(portal, crowd)


def test_a_restart_between_two_requests_is_not_noticed(portal):
    """Kept connections are tried before they are used, so nobody is refused for one that has died."""
    (token,) = portal.take_tokens(1)

    def rounds() -> list[int]:
        callers = [Caller(portal.port) for _ in range(4)]
        header = {"Authorization": f"Token {token}"}
        return [caller.call("GET", f"{API}/rounds/", None, header)[0] for caller in callers for _ in range(4)]

    assert set(rounds()) == {200}
    portal.cluster.restart("fast")
    assert set(rounds()) == {200}


# --- Meanwhile --------------------------------------------------------------------------------------


def test_without_a_database_everything_is_a_503_that_says_when_to_come_again(portal):
    (token,) = portal.take_tokens(1)
    attempt = started_and_answered(portal, token)
    key = {"Attempt-Key": attempt["attempt_key"]}
    attempt_path = f"{API}/attempts/{attempt['id']}/"
    portal.cluster.kill()
    caller = Caller(portal.port)
    calls = [
        ("PUT", attempt_path + "answers/1", {"choices": [2], "sequence": 2}, key),
        ("PUT", attempt_path + "prediction", {"value": 2, "sequence": 2}, key),
        ("POST", attempt_path + "submit", {}, key),
        ("GET", attempt_path, None, key),
        ("GET", attempt_path, None, {"Authorization": f"Token {token}"}),
        ("POST", portal.url, None, {"Authorization": f"Token {token}"}),
        ("GET", f"{API}/rounds/", None, {"Authorization": f"Token {token}"}),
        ("GET", f"{API}/rounds/", None, {"Cookie": SESSION}),
        ("GET", "/", None, {}),
        ("GET", "/", None, {"Cookie": SESSION}),
        ("GET", "/rounds/", None, {"Cookie": SESSION}),
        ("GET", "/manage/", None, {"Cookie": SESSION}),
        ("GET", "/reports/participation/", None, {"Cookie": SESSION}),
        ("GET", "/accounts/login/", None, {"Cookie": SESSION}),
    ]
    seen = []
    for method, path, body, headers in calls:
        status, answered, text = caller.call(method, path, body, headers)
        is_problem = answered.get("content-type") == "application/problem+json" and '"overloaded"' in text
        well_formed = is_problem if path.startswith(API) else "<h1>" in text
        said_when = answered.get("retry-after") == "2" and "x-request-id" in answered
        seen.append((method, path, status, well_formed and said_when and "Traceback" not in text))
    assert seen == [(method, path, 503, True) for method, path, _, _ in calls]
    assert caller.call("GET", "/health/live", None, {})[0] == 200
    status, _, text = caller.call("GET", "/health/ready", None, {})
    assert (status, json.loads(text)["status"], json.loads(text)["database"]) == (503, "down", "down")
