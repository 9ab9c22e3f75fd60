"""Organisers' pages: who gets in, page by page. Strangers get 404, visitors the sign-in page."""

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from contest.closing import close_round
from contest.models import Contest, Round
from contest.models.round import RoundState
from contest.services.rounds import confirm_key
from tests.factories import (
    draft_round,
    grant,
    make_attempt,
    make_block,
    make_contest,
    make_questions,
    make_root,
    make_unit,
    make_user,
    open_round,
    past_round,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# name: who may read it (an organiser always may).
CONTEST_PAGES = {
    "manage-contest": {"auditor"},
    "manage-contest-edit": set(),
    "manage-blocks": {"auditor"},
    "manage-collective": {"auditor"},
    "manage-ineligible": {"auditor"},
    "manage-round-create": set(),
}
DRAFT_PAGES = {
    "manage-round": {"auditor"},
    "manage-round-edit": set(),
    "manage-round-questions": {"auditor"},
    "manage-round-pick": set(),
    "manage-round-key": {"auditor"},
    "manage-round-prizes": {"auditor"},
    "manage-round-headcounts": {"auditor"},
    "manage-round-close": {"auditor"},
}
RESULT_PAGES = {
    "manage-round": {"auditor"},
    "manage-round-standings": {"auditor", "secretary"},
    "manage-draws": {"auditor"},
    "manage-round-key": {"auditor"},
    "manage-round-headcounts": {"auditor"},
}
ACTS = [
    "manage-round-delete",
    "manage-round-schedule",
    "manage-round-publish",
    "manage-round-finalise",
]
ROLES = ["participant", "coordinator", "judge", "secretary", "auditor", "administrator", "organiser elsewhere"]


@pytest.fixture
def department():
    return make_unit("SO", parent=make_root())


@pytest.fixture
def contest(department):
    return make_contest(unit=department)


def person(role: str, unit):
    user = make_user(unit=unit)
    if role == "organiser elsewhere":
        grant(user, "organiser", make_unit(parent=make_root()))
        grant(user, "coordinator", unit)
    elif role != "participant":
        grant(user, role, unit)
    return user


def addresses(contest: Contest) -> dict[str, tuple[str, set[str]]]:
    """{label: (address, roles that may read it)} of every page about a contest."""
    draft, ranked = draft_round(contest), past_round(contest)
    make_attempt(ranked)
    close_round(ranked.pk)
    Round.objects.filter(pk=ranked.pk).update(state=RoundState.PUBLISHED)
    question = make_questions(1)[0]
    question.bank.unit = contest.unit
    question.bank.save()
    block = make_block(contest, "A")
    pages = {name: (reverse(name, args=[contest.pk]), readers) for name, readers in CONTEST_PAGES.items()}
    pages |= {name: (reverse(name, args=[draft.pk]), readers) for name, readers in DRAFT_PAGES.items()}
    pages |= {
        f"{name} of results": (reverse(name, args=[ranked.pk]), readers) for name, readers in RESULT_PAGES.items()
    }
    return pages | {
        "manage-block": (reverse("manage-block", args=[contest.pk, block.pk]), set()),
        "manage-home": (reverse("manage-home"), {"auditor", "secretary", "administrator", "organiser elsewhere"}),
        "manage-contest-create": (reverse("manage-contest-create"), {"organiser elsewhere"}),
        "manage-banks": (reverse("manage-banks"), {"auditor", "organiser elsewhere"}),
        "manage-bank-create": (reverse("manage-bank-create"), {"organiser elsewhere"}),
        "manage-bank": (reverse("manage-bank", args=[question.bank.slug]), {"auditor"}),
        "manage-question-create": (reverse("manage-question-create", args=[question.bank.slug]), set()),
        "manage-question": (reverse("manage-question", args=[question.pk]), {"auditor"}),
    }


def test_visitors_are_sent_to_sign_in(client, contest):
    for address, _readers in addresses(contest).values():
        answer = client.get(address)
        assert (answer.status_code, answer.url) == (302, f"{reverse('account_login')}?next={address}")


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_its_pages_and_no_other(client, contest, department, role):
    client.force_login(person(role, department))
    pages = addresses(contest)
    seen = {label: client.get(address).status_code for label, (address, _readers) in pages.items()}
    assert seen == {label: 200 if role in readers else 404 for label, (_address, readers) in pages.items()}


@pytest.mark.slow
def test_organisers_of_the_unit_and_above_read_every_page(client, contest, department):
    pages = addresses(contest)
    for unit in (department, make_root()):
        client.force_login(person("organiser", unit))
        assert {client.get(address).status_code for address, _readers in pages.values()} == {200}


@pytest.mark.parametrize("role", ROLES)
def test_nobody_but_an_organiser_of_the_contest_acts(client, contest, department, role):
    """Every POST of somebody else is answered 404 and writes nothing."""
    pages = addresses(contest)
    draft = contest.rounds.get(state=RoundState.DRAFT)
    client.force_login(person(role, department))
    own = {"manage-home", "manage-banks", "manage-contest-create", "manage-bank-create"}
    posts = [address for label, (address, _readers) in pages.items() if label not in own]
    posts += [reverse(name, args=[draft.pk]) for name in ACTS]
    posts += [reverse("manage-contest-visibility", args=[contest.pk])]
    posts += [reverse("manage-block-delete", args=[contest.pk, contest.blocks.get().pk])]
    answers = {address: client.post(address).status_code for address in posts}
    assert {status for address, status in answers.items() if status != 404} <= {405}
    assert AuditEntry.objects.exclude(verb="round.close").count() == 0


def test_a_revoked_role_is_gone_at_the_next_request(client, contest, department):
    user = person("organiser", department)
    client.force_login(user)
    address = reverse("manage-contest", args=[contest.pk])
    assert client.get(address).status_code == 200
    user.role_grants.all().delete()
    assert client.get(address).status_code == 404


def test_ids_of_another_contest_are_not_reached_through_ones_own(client, contest, department):
    """A block, an exclusion, an extension: the address's parent decides, not the id."""
    foreign = make_contest()
    block = make_block(foreign, "X")
    listed = foreign.ineligibilities.create(user=make_user(), reason="x")
    running = open_round(foreign)
    extension = running.close_extensions.create(closes_at=running.closes_at, reason="x", proposed_by=make_user())
    client.force_login(person("organiser", department))
    mine = open_round(contest)
    for address in (
        reverse("manage-block-delete", args=[contest.pk, block.pk]),
        reverse("manage-readmit", args=[contest.pk, listed.pk]),
        reverse("manage-extension-confirm", args=[mine.pk, extension.pk]),
    ):
        assert client.post(address).status_code == 404


def test_a_bank_outside_the_scope_gives_no_question(client, contest, department):
    """Neither on the page that picks questions nor by sending its ids."""
    client.force_login(person("organiser", department))
    draft = draft_round(contest, questions=[])
    secret = make_questions(1)[0]  # of a bank that belongs to no unit: for organisers of everywhere
    address = reverse("manage-round-pick", args=[draft.pk])
    assert secret.text not in client.get(address).content.decode()
    client.post(address, {"question": [secret.pk]})
    assert draft.round_questions.count() == 0
    client.force_login(person("organiser", make_root()))
    assert secret.text in client.get(address).content.decode()
    client.post(address, {"question": [secret.pk]})
    assert draft.round_questions.count() == 1


def test_standings_are_the_auditors_when_ranked_and_the_others_after_publication(client, contest, department):
    round = past_round(contest)
    make_attempt(round, make_user(full_name="Người Dự Thi"))
    close_round(round.pk)
    address = reverse("manage-round-standings", args=[round.pk])
    seen = {}
    for state in (RoundState.RANKED, RoundState.PUBLISHED):
        Round.objects.filter(pk=round.pk).update(state=state)
        for role in ("organiser", "secretary", "auditor"):
            client.force_login(person(role, department))
            seen[role, state] = "Người Dự Thi" in client.get(address).content.decode()
    assert seen == {
        ("organiser", "ranked"): False,
        ("secretary", "ranked"): False,
        ("auditor", "ranked"): True,
        ("organiser", "published"): True,
        ("secretary", "published"): True,
        ("auditor", "published"): True,
    }


def test_no_result_page_before_the_round_is_ranked(client, contest, department):
    """Perfect papers and scores are nobody's before the close; the auditor's neither."""
    running = open_round(contest)
    make_attempt(running)
    for role in ("organiser", "auditor", "secretary"):
        client.force_login(person(role, department))
        for name in ("manage-round-standings", "manage-draws"):
            assert client.get(reverse(name, args=[running.pk])).status_code == 404
    client.force_login(person("organiser", department))
    page = client.get(reverse("manage-round", args=[running.pk])).content.decode()
    assert "Người đúng tất cả" not in page


def test_key_and_secrets_stay_off_pages_that_do_not_show_the_key(client, contest, department):
    draft = draft_round(contest, prepared_by=make_user())
    confirm_key(round=draft, actor=make_user())
    running = open_round(contest)
    client.force_login(person("organiser", department))
    for round in (draft, running):
        for name in ("manage-round", "manage-round-questions", "manage-round-prizes", "manage-round-close"):
            page = client.get(reverse(name, args=[round.pk])).content.decode()
            assert "GIẢI THÍCH" not in page
            assert "(đáp án)" not in page
            assert not running.salt or running.salt not in page
            assert bytes(running.secret).hex() not in page
