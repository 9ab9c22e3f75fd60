"""A department with a coordinator, a neighbour with another, organisers of everything and of the neighbour alone."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from tests.proposals.identity import IDENTITY


@dataclass(frozen=True)
class Place:
    root: object
    health: object
    clinic: object
    schools: object


@pytest.fixture
def units(db):
    from tests.factories import make_root, make_unit

    root = make_root()
    health = make_unit("SYT", name="Sở Y tế", parent=root, headcount=20)
    clinic = make_unit("TTYT", name="Trung tâm Y tế", parent=health, headcount=8)
    return Place(root, health, clinic, make_unit("SGD", name="Sở Giáo dục và Đào tạo", parent=root, headcount=30))


@pytest.fixture
def people(units):
    from tests.factories import grant, make_user

    named = {
        "coordinator": make_user("DM-YT", unit=units.health, full_name="Lê Thị Đầu Mối"),
        "neighbour": make_user("DM-GD", unit=units.schools, full_name="Trần Văn Láng Giềng"),
        "organiser": make_user("BTC", unit=units.root, full_name="Nguyễn Thu Hà"),
        "second": make_user("BTC-2", unit=units.root, full_name="Phạm Hai"),
        "stranger": make_user("BTC-GD", unit=units.schools, full_name="Hoàng Nhánh"),
        "person": make_user("NV-1", unit=units.health, full_name="Đặng Văn Ánh", position="Chuyên viên"),
        "elsewhere": make_user("NV-2", unit=units.schools, full_name="Võ Thị Kín", email="kin@example.vn"),
    }
    grant(named["coordinator"], "coordinator", units.health)
    grant(named["neighbour"], "coordinator", units.schools)
    grant(named["organiser"], "organiser", units.root)
    grant(named["second"], "organiser", units.root)
    grant(named["stranger"], "organiser", units.schools)
    return SimpleNamespace(**named)


@pytest.fixture
def stranger_at(client):
    """A function that makes the client somebody who has just come from the provider and is on no roster."""

    def come(**more):
        session = client.session
        session["sso_identity"] = IDENTITY | more
        session.save()
        return client

    return come


@pytest.fixture
def as_(client):
    """A function that signs the client in as somebody."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in
