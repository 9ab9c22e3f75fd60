"""Every column is in the register of personal data, and nothing else is; what is printed from it is fresh."""

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey
from django.utils.translation import override

from accounts.models import User
from privacy.register import REGISTER, ROSTER, Erasure, Table, listed
from privacy.rendering import register_page

DOCUMENT = Path(settings.BASE_DIR) / "docs/personal-data.md"


def faults(register) -> list[str]:
    """What is missing from the register or too much in it: all of it at once, with what to do."""
    found, tables = [], set()
    for model in apps.get_models(include_auto_created=True):
        label, columns = model._meta.label, {field.name for field in model._meta.local_fields}
        tables.add(label)
        table = register.get(label)
        if table is None:
            found.append(f"{label}: not in privacy/register.py; add it with its columns: {' '.join(sorted(columns))}")
            continue
        personal, other = set(table.personal), set(table.other.split())
        found += [
            f"{label}.{name}: not listed; add it to `personal` or to `other`" for name in columns - personal - other
        ]
        found += [f"{label}.{name}: listed and does not exist" for name in (personal | other) - columns]
        found += [f"{label}.{name}: both personal and not" for name in personal & other]
    found += [f"{label}: listed and does not exist" for label in register.keys() - tables]
    return sorted(found)


def test_every_column_is_listed_once():
    assert faults(REGISTER) == []


def test_control_a_forgotten_column_an_invented_one_and_a_forgotten_table_are_named():
    register = dict(REGISTER)
    del register["contest.Prize"]
    user = register["accounts.User"]
    personal = {name: column for name, column in user.personal.items() if name != "email"}
    register["accounts.User"] = Table(
        user.title, user.people, personal | listed("phone", ROSTER, Erasure.BLANKED), "id"
    )
    assert faults(register) == [
        "accounts.User.email: not listed; add it to `personal` or to `other`",
        "accounts.User.phone: listed and does not exist",
        "contest.Prize: not in privacy/register.py; add it with its columns: code count id position round title",
    ]


def test_no_reference_to_a_person_passes_for_not_personal():
    for label, table in REGISTER.items():
        model = apps.get_model(label)
        people = {field.name for field in model._meta.local_fields if isinstance(field, ForeignKey)
                  and field.related_model is User}  # fmt: skip
        assert people <= set(table.personal), label


def test_what_is_kept_or_left_out_has_a_reason_and_what_is_deleted_goes_with_its_row():
    for label, table in REGISTER.items():
        for name, column in table.personal.items():
            needs_reason = column.erasure == Erasure.KEPT or not column.exported
            assert not needs_reason or str(column.why), (label, name)
        deleted = {column.erasure == Erasure.DELETED for column in table.personal.values()}
        assert len(deleted) <= 1, f"{label}: a row cannot go and stay"


def test_the_document_is_fresh():
    with override("en"):
        assert DOCUMENT.read_text() == register_page(), "run: python manage.py render_register"


@pytest.mark.django_db
def test_the_notice_is_for_everybody_and_names_what_is_held_and_whom_to_ask(client, settings):
    settings.PRIVACY_CONTACT = "Văn phòng Ban Tổ chức, 0234 000000"
    page = client.get("/privacy/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "91/2025/QH15" in text
    assert "Văn phòng Ban Tổ chức, 0234 000000" in text
    assert all(str(table.title) in text for table in REGISTER.values() if table.people)
    assert 'href="/privacy/"' in client.get("/").content.decode()
