"""Random bodies, headers and paths against the hot calls: a documented status, one form, nothing written on refusal."""

import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contest.models import Attempt
from tests.factories import make_unit, make_user, open_round
from tests.faults.quiz import API, JSON, keyed, problem_of, start

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
REFUSALS = [
    (400, "malformed"), (400, "unknown_choice"), (401, "not_authenticated"), (403, "invalid_attempt_key"),
    (404, "not_found"), (404, "unknown_position"), (405, "method_not_allowed"), (409, "stale_sequence"),
    (422, "too_many_choices"), (422, "invalid_prediction"), (422, "incomplete"),
]  # fmt: skip

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
plausible = st.fixed_dictionaries(
    {},
    optional={
        "choices": anything | st.lists(st.integers(-1, 6), max_size=6),
        "sequence": anything | st.integers(-1, 2**31 + 1),
        "value": anything | st.integers(-1, 10**9 + 1),
        "score": anything,
        "state": st.just("submitted"),
    },
)
bodies = st.binary(max_size=200) | (anything | plausible | plausible).map(lambda value: json.dumps(value).encode())
paths = st.sampled_from(["prediction", "submit"]) | st.integers(0, 5).map(lambda position: f"answers/{position}")
methods = st.sampled_from(["PUT", "PUT", "PUT", "POST", "POST", "GET", "PATCH", "DELETE", "OPTIONS"])
header_texts = st.text(alphabet=string.printable[:95], max_size=60)
headers = st.dictionaries(
    st.sampled_from(["Accept", "Accept-Language", "X-Request-Id", "Cookie", "Authorization", "Content-Encoding",
                     "X-Forwarded-For", "If-Match", "Expect", "HX-Request"]),
    header_texts,
    max_size=3,
)  # fmt: skip
keys = st.none() | header_texts | st.just("")


@pytest.fixture
def attempt():
    person = make_user(unit=make_unit())
    return start(person, open_round())


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=methods, path=paths, body=bodies, more=headers, key=keys)
def test_whatever_is_sent_the_answer_is_a_documented_one(attempt, method, path, body, more, key):
    before = Attempt.objects.values().get()
    client = keyed(attempt, key, more)
    response = client.generic(method, f"{API}/attempts/{attempt['id']}/{path}", body, content_type=JSON)
    after = Attempt.objects.values().get()
    if response.status_code == 200:
        assert response["Content-Type"] == JSON
        assert (method, key) in {("PUT", None), ("POST", None)}
        changed = {name for name in before if before[name] != after[name]}
        assert changed <= {"answers", "sequences", "prediction", "prediction_sequence", "state", "submitted_at"}
    else:
        problem_of(response, *REFUSALS)
        assert before == after
    Attempt.objects.update(**{name: before[name] for name in ("state", "submitted_at")})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(1, 3), choices=st.lists(st.integers(1, 4), max_size=1), sequence=st.integers(1, 2**31 - 1))
def test_whatever_is_acknowledged_is_what_is_read_back(attempt, position, choices, sequence):
    Attempt.objects.update(sequences=[0, 0, 0], answers=[0, 0, 0])
    client, url = keyed(attempt, None, {}), f"{API}/attempts/{attempt['id']}/"
    body = json.dumps({"choices": choices, "sequence": sequence})
    assert client.put(f"{url}answers/{position}", body, content_type=JSON).status_code == 200
    answers = [question["answer"] for question in client.get(url).json()["questions"]]
    assert answers.pop(position - 1) == {"choices": choices, "sequence": sequence}
    assert answers == [{"choices": [], "sequence": 0}] * 2
