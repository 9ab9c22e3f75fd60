"""Logs say what happened, to which request, and never about whom: looked for in the output of real processes."""

import http.client
import json
import logging
import subprocess
import sys
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from celery import current_app
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.clock import server_now
from accounts.models import ApiToken, User
from config.logs import JsonFormatter, person_mark
from embedded.valkey import free_port
from notifications.models import Kind
from notifications.services import notify
from tests.factories import grant, make_contest, make_root, make_unit, make_user, open_round
from tests.processes import Process, environment, wait_for

NAME, EMAIL, EMPLOYEE_ID, ADDRESS = "Kim Tước Hoàng", "kim.tuoc@canary.example", "KT-777001", "203.0.113.77"
PASSWORD = "mat-khau-kim-tuoc"
LINE = logging.Formatter("{levelname} {message}", style="{")


def record_of(error: BaseException, name: str = "contest.x", message: str = "failed") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, (), (type(error), error, error.__traceback__))


# --- One line ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_database_error_names_the_constraint_and_not_the_row():
    """The control: the plain formatter prints DETAIL with the address."""
    make_user("NV-1", email=EMAIL)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        User.objects.create(employee_id="NV-2", email=EMAIL)
    record = record_of(caught.value)
    assert EMAIL in LINE.format(record)
    text = JsonFormatter().format(record)
    assert EMAIL not in text
    error = json.loads(text)["error"]
    assert error["class"] == "django.db.utils.IntegrityError"
    assert (error["cause"]["sqlstate"], error["cause"]["table"]) == ("23505", "accounts_user")
    assert error["cause"]["constraint"] == "user_email_unique_when_given"
    assert any(place.startswith("tests/config/test_logs.py:") for place in error["at"])


def test_an_exception_tells_class_places_and_causes_and_not_its_message():
    def inner(name):
        try:
            raise KeyError(name)
        except KeyError as error:
            raise RuntimeError(f"no such person: {name}") from error

    with pytest.raises(RuntimeError) as caught:
        inner(NAME)
    assert NAME in LINE.format(record_of(caught.value))
    text = JsonFormatter().format(record_of(caught.value))
    assert NAME not in text
    error = json.loads(text)["error"]
    assert (error["class"], error["cause"]["class"]) == ("builtins.RuntimeError", "builtins.KeyError")
    assert [place.split()[-1] for place in error["at"]][-1] == "inner"


def test_others_messages_lose_what_they_were_filled_with_and_our_own_keep_it():
    def line(name: str, message: str, *arguments) -> str:
        record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, arguments, None)
        return json.loads(JsonFormatter().format(record))["message"]

    assert line("urllib3.connectionpool", "GET %s", f"/login?code={NAME}") == "GET %s"
    assert line("allauth.x", f"no address for {NAME}") == "allauth.x"
    assert line("django.security.DisallowedHost", f"Invalid HTTP_HOST header: {NAME}") == "DisallowedHost"
    assert line("django.request", "%s: %s", "Not Found", f"/{NAME}") == "answered with -"
    assert line("contest.closing", "round %s closed", 3) == "round 3 closed"


def test_a_person_is_marked_alike_each_time_and_not_by_number():
    assert person_mark(7) == person_mark(7)
    assert person_mark(7) != person_mark(8)
    assert person_mark(7) != "7"


# --- One line for each request ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_pattern_and_costs_no_query(client, caplog, django_assert_num_queries):
    caplog.set_level(logging.INFO, "config.access")
    with django_assert_num_queries(0):
        client.get("/health/live")
    client.get(f"/rounds/12/record/{quote(NAME)}")
    client.get(f"/khong-co/{quote(NAME)}")
    client.generic("KIM-TUOC", "/health/live")
    person = make_user()
    client.force_login(person)
    client.get("/rounds/")
    lines = [{**record.fields} for record in caplog.records if record.name == "config.access"]
    assert [line.pop("ms") >= 0 for line in lines] == [True] * 5
    assert lines == [
        {"method": "GET", "route": "health/live", "status": 200},
        {"method": "GET", "route": "rounds/<int:pk>/record/<str:name>", "status": 404},
        {"method": "GET", "route": "-", "status": 404},
        {"method": "other", "route": "health/live", "status": 200},
        {"method": "GET", "route": "rounds/", "status": 200, "person": person_mark(person.pk)},
    ]


@pytest.mark.django_db
def test_the_short_way_of_attempt_keys_is_logged_by_its_pattern_too(client, caplog):
    caplog.set_level(logging.INFO, "config.access")
    url = "/api/v1/attempts/00000000-0000-4000-8000-000000000000/answers/3"
    client.put(url, headers={"Attempt-Key": "x"})
    (line,) = (record.fields for record in caplog.records if record.name == "config.access")
    assert (line["route"], line["status"]) == ("api/v1/attempts/<uuid:attempt_id>/answers/<int:position>", 403)


# --- Real processes ---------------------------------------------------------------------------------------


@pytest.fixture
def portal(tmp_path, transactional_db):
    """Web server and worker that log as in production, at the most talkative level; gives port and log files."""
    port = free_port()
    more = {
        "DJANGO_SETTINGS_MODULE": "tests.config.settings_with_faults", "LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG",
        "STATIC_FROM_SOURCE": "1", "DATA_DIR": str(tmp_path / "data"), "TRUSTED_PROXY_COUNT": "1",
        "PUBLIC_URL": f"http://127.0.0.1:{port}", "EMAIL_URL": "smtp://127.0.0.1:1", "PORT": str(port),
    }  # fmt: skip
    web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    worker = ["celery", "-A", "config", "worker", "--concurrency=1"]
    started = [
        Process([*web, "config.wsgi:application"], tmp_path / "web.log", **more),
        Process([*worker, "--loglevel=DEBUG"], tmp_path / "worker.log", **more),
    ]
    try:
        wait_for(lambda: "config.access" in started[0].log.read_text() or asked(port), "the web server")
        yield port, [process.log for process in started]
    finally:
        for process in started:
            process.kill()


def asked(port: int) -> bool:
    try:
        return ask(port, "GET", "/health/live")[0] == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, body: str | bytes = "", **headers: str) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {"X-Forwarded-For": ADDRESS, **headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status, dict(answer.getheaders())
    finally:
        connection.close()


def lines_of(log) -> list[dict]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


@pytest.mark.slow
def test_no_process_writes_a_name_an_address_an_id_or_a_secret(portal):
    port, (web, worker) = portal
    unit = make_unit("YT", parent=make_root())
    person = make_user(EMPLOYEE_ID, unit=unit, full_name=NAME, email=EMAIL, password=PASSWORD)
    grant(person, "organiser")
    open_round(make_contest())
    _, token = ApiToken.objects.issue(user=person, expires_at=server_now() + timedelta(days=1))
    browser = Client()
    browser.force_login(person)
    session = browser.cookies["sessionid"].value
    csrf = "x" * 32
    signed_in = {"Cookie": f"sessionid={session}; csrftoken={csrf}", "X-CSRFToken": csrf}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    name, email = quote(NAME), quote(EMAIL)

    assert ask(port, "GET", "/", **signed_in)[0] == 200
    assert ask(port, "GET", f"/manage/roles/?q={name}", **signed_in)[0] in (200, 404)
    assert ask(port, "GET", f"/khong-co/{name}/")[0] == 404
    assert ask(port, "GET", "/", Host=f"{EMPLOYEE_ID}.example")[0] == 400
    assert ask(port, "GET", "/api/v1/rounds/", Authorization=f"Token {token}")[0] == 200
    assert ask(port, "GET", "/api/v1/rounds/", Authorization=f"Token {EMPLOYEE_ID}")[0] == 401
    wrong = urlencode({"login": EMPLOYEE_ID, "password": f"{PASSWORD}-sai"})
    for cookies in ({}, {"Cookie": f"csrftoken={csrf}", "X-CSRFToken": csrf}):
        assert ask(port, "POST", "/accounts/login/", wrong, **form, **cookies)[0] in (200, 403, 429)
    bad = f"employee_id,full_name,unit_code\n{EMPLOYEE_ID},{NAME},KHONG-CO\n{EMPLOYEE_ID},,YT\n"
    sheet = (
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n"
        f"{bad}\r\n--b--\r\n"
    )  # fmt: skip
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    assert ask(port, "POST", "/manage/imports/staff/", sheet.encode(), **multipart, **signed_in)[0] in (200, 422)
    for fault, value in (("quote", name), ("twice", email), ("number", name)):
        assert ask(port, "GET", f"/faults/{fault}/?name={value}", **signed_in)[0] == 500
    assert ask(port, "GET", f"/faults/foreign/?name={name}")[0] == 200
    status, headers = ask(port, "GET", f"/faults/hand_over/?name={name}", **{"X-Request-Id": "yeu-cau-so-mot"})
    assert (status, headers["x-request-id"]) == (200, "yeu-cau-so-mot")
    notify(user=person, kind=Kind.REQUEST_DECIDED, subject=f"Chào {NAME}", body=EMPLOYEE_ID, path="/")
    current_app.send_task("notifications.tasks.send_mail")
    wait_for(lambda: worker.read_text().count('"state"') >= 2, "both tasks")

    written = web.read_text() + worker.read_text()
    attempts = (NAME, NAME.split()[0], EMAIL, EMPLOYEE_ID, EMPLOYEE_ID.lower(), ADDRESS, PASSWORD, token, session, name)
    assert [word for word in attempts if word in written or json.dumps(word)[1:-1] in written] == []

    errors = {line["error"]["class"]: line for line in lines_of(web) if "error" in line}
    assert {"builtins.RuntimeError", "django.db.utils.IntegrityError", "django.db.utils.DataError"} <= errors.keys()
    assert errors["builtins.RuntimeError"]["route"] == "faults/quote/"
    assert errors["builtins.RuntimeError"]["request_id"] not in ("", "-")
    (failed,) = (line for line in lines_of(worker) if line.get("state") == "failure")
    assert (failed["task"], failed["request_id"]) == ("tests.config.faulty_tasks.fail", "yeu-cau-so-mot")
    told = [line for line in lines_of(worker) if "error" in line and line["error"]["class"] == "builtins.ValueError"]
    assert told[0]["request_id"] == "yeu-cau-so-mot"


@pytest.mark.slow
def test_control_lines_for_reading_quote_what_an_exception_says(tmp_path, transactional_db):
    """LOG_FORMAT=line with the same fault: the address is in the output, so the search above can find it."""
    make_user("NV-1", email=EMAIL)
    program = (
        "import django; django.setup(); from django.test import Client;"
        f"Client(raise_request_exception=False).get('/faults/twice/?name={EMAIL}')"
    )

    found = {}
    for form in ("line", "json"):
        settings = {"DJANGO_SETTINGS_MODULE": "tests.config.settings_with_faults", "LOG_FORMAT": form,
                    "ALLOWED_HOSTS": "testserver"}  # fmt: skip
        run = subprocess.run(
            [sys.executable, "-c", program], env=environment(**settings), capture_output=True, text=True
        )
        assert "IntegrityError" in run.stderr
        found[form] = EMAIL in run.stderr
    assert found == {"line": True, "json": False}
