"""The pages of messages: one's own list and settings, organisers' texts, and what became of mails."""

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from notifications.models import Kind, MailState, MessageText, Mute, Notification
from notifications.services import notify, text_of
from tests.factories import grant, make_root, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client):
    user = make_user("nv-1", full_name="Lê Thị Bé", email="be@example.vn")
    client.force_login(user)
    return user


def tell(user, subject="Tuần 1 đã mở", kind=Kind.ROUND_OPENED, **fields) -> Notification:
    return notify(user=user, kind=kind, subject=subject, **fields)


def page_of(response) -> str:
    return response.content.decode()


# --- One's own messages -----------------------------------------------------------------------------


def test_the_list_has_my_messages_and_nobody_elses(client, person):
    tell(person, "Của tôi")
    tell(make_user(), "Của người khác")
    page = page_of(client.get(reverse("notifications")))
    assert "Của tôi" in page
    assert "Của người khác" not in page


def test_opening_a_message_reads_it_and_leads_to_its_page(client, person):
    told = tell(person, body="Mời bạn dự thi.", path="/rounds/")
    page = page_of(client.get(reverse("notification", args=[told.pk])))
    assert "Mời bạn dự thi." in page
    assert 'href="/rounds/"' in page
    first = Notification.objects.get(pk=told.pk).read_at
    assert first is not None
    client.get(reverse("notification", args=[told.pk]))
    assert Notification.objects.get(pk=told.pk).read_at == first


def test_somebody_elses_message_is_not_there(client, person):
    told = tell(make_user())
    assert client.get(reverse("notification", args=[told.pk])).status_code == 404
    assert Notification.objects.get(pk=told.pk).read_at is None


def test_all_can_be_marked_as_read_and_only_my_own(client, person):
    tell(person)
    other = tell(make_user())
    client.post(reverse("notifications-read-all"))
    assert list(Notification.objects.unread()) == [other]


@pytest.mark.parametrize(("number", "shown"), [(0, None), (1, "1"), (99, "99"), (100, "99+"), (130, "99+")])
def test_the_bell_counts_unread_messages(client, person, number, shown):
    Notification.objects.bulk_create(
        Notification(user=person, kind=Kind.RESULT, own_subject="x") for _ in range(number)
    )
    page = page_of(client.get(reverse("rounds")))
    assert ("bell__count" in page) == (shown is not None)
    if shown:
        assert f'<span class="bell__count num" aria-hidden="true">{shown}</span>' in page
        assert f"Thông báo, {shown} chưa đọc" in page


def test_visitors_cost_no_query_for_messages(client, django_assert_num_queries):
    with django_assert_num_queries(1) as asked:
        client.get("/khong-co/")
    assert "notification" not in asked.captured_queries[0]["sql"]


def test_the_list_takes_as_many_queries_for_3_as_for_1(client, person, django_assert_num_queries):
    tell(person)
    client.get(reverse("notifications"))
    with django_assert_num_queries(7):  # session, person, count, rows; frame: contest, roles, unread
        client.get(reverse("notifications"))
    tell(person)
    tell(person)
    with django_assert_num_queries(7):
        client.get(reverse("notifications"))


# --- Settings ---------------------------------------------------------------------------------------


def test_a_muted_kind_brings_no_mail_and_counts_as_read(client, person, settings):
    settings.MAIL_ENABLED = True
    waiting = tell(person)
    kept = [kind.value for kind in Kind if kind != Kind.ROUND_OPENED]
    client.post(reverse("notification-settings"), {"kinds": kept})
    later, other = tell(person), tell(person, kind=Kind.RESULT)
    states = {row.pk: (row.mail_state, row.read_at is None) for row in Notification.objects.all()}
    assert states == {waiting.pk: ("none", True), later.pk: ("none", False), other.pk: ("waiting", True)}
    assert Mute.objects.values_list("kind", flat=True).get() == "round_opened"


def test_a_kind_can_be_taken_up_again(client, person, settings):
    settings.MAIL_ENABLED = True
    client.post(reverse("notification-settings"), {"kinds": []})
    assert Mute.objects.count() == len(Kind)
    client.post(reverse("notification-settings"), {"kinds": Kind.values})
    assert Mute.objects.count() == 0
    assert tell(person).mail_state == "waiting"


def test_the_settings_show_the_address_and_the_quiet_hours(client, person):
    page = page_of(client.get(reverse("notification-settings")))
    assert "be@example.vn" in page
    assert "Từ 21:00 đến 07:00 không gửi thư" in page
    assert "hiện không gửi thư điện tử" in page, "the tests have no mail server"


def test_kinds_that_there_are_not_are_refused(client, person):
    page = page_of(client.post(reverse("notification-settings"), {"kinds": ["everything"]}))
    assert "errorlist" in page
    assert Mute.objects.count() == 0


def test_without_an_address_or_a_mail_server_there_is_no_mail(settings, person):
    assert tell(person).mail_state == "none"
    settings.MAIL_ENABLED = True
    assert tell(person).mail_state == "waiting"
    assert tell(make_user()).mail_state == "none"
    assert tell(make_user(email="x@example.vn", is_active=False)).mail_state == "none"


# --- Texts ------------------------------------------------------------------------------------------


@pytest.fixture
def organiser(client):
    user = make_user("btc-1", full_name="Trần Thị Tổ Chức")
    grant(user, "organiser")
    client.force_login(user)
    return user


VALUES = {"hoi_thi": "HT", "tuan_thi": "Tuần 2", "mo_luc": "M", "dong_luc": "D", "giai": "{hoi_thi}"}


def test_organisers_words_replace_the_portals_and_leave_a_trace(client, organiser):
    words = {"subject": "{tuan_thi} đã bắt đầu", "body": "Xin mời, đến {dong_luc}."}
    client.post(reverse("manage-message", args=["round_opened"]), words)
    assert text_of("round_opened", VALUES) == ("Tuần 2 đã bắt đầu", "Xin mời, đến D.")
    entry = AuditEntry.objects.get(verb="message.edit")
    assert (entry.actor, entry.before, entry.after) == (organiser, {}, words)
    client.post(reverse("manage-message-reset", args=["round_opened"]))
    assert text_of("round_opened", VALUES)[0] == "Tuần 2 đã mở, mời bạn dự thi"
    assert AuditEntry.objects.get(verb="message.reset").before == words


@pytest.mark.parametrize("place", ["{giai}", "{diem}", "{0}", "{hoi_thi.unit}", "{}", "{hoi_thi", "hoi_thi}", "{{x}}"])
def test_places_beyond_the_list_are_refused_with_the_list(client, organiser, place):
    words = {"subject": "Tuần thi", "body": f"Chào {place}"}
    page = page_of(client.post(reverse("manage-message", args=["round_opened"]), words))
    assert "Không dùng được" in page
    assert "Chỉ được dùng: {hoi_thi}, {tuan_thi}, {mo_luc}, {dong_luc}." in page
    assert MessageText.objects.count() == 0


def test_what_is_filled_in_is_never_filled_in_again(client, organiser):
    words = {"subject": "{giai}", "body": "{% load %} {giai} $giai %(giai)s"}
    client.post(
        reverse("manage-message", args=["result_prize"]), {**words, "body": words["body"].replace("{% load %} ", "")}
    )
    assert text_of("result_prize", VALUES) == ("{hoi_thi}", "{hoi_thi} $giai %(giai)s")


def test_a_preview_shows_samples_and_stores_nothing(client, organiser):
    words = {"subject": "Mở {tuan_thi}", "body": "Đóng {dong_luc}", "preview": "1"}
    page = page_of(client.post(reverse("manage-message", args=["round_opened"]), words))
    assert "Mở Tuần 1" in page
    assert "Đóng 24:00, 11/06/2023" in page
    assert MessageText.objects.count() == 0


def test_words_that_no_longer_fit_give_way_to_the_portals(organiser):
    MessageText.objects.create(name="result", subject="{giai}", body="x", changed_by=organiser)
    assert text_of("result", VALUES)[0] == "Đã công bố kết quả Tuần 2"


@pytest.mark.slow
@pytest.mark.parametrize("page", ["manage-messages", "manage-mail"])
@pytest.mark.parametrize(
    ("role", "where", "status"),
    [("organiser", "root", 200), ("organiser", "unit", 404), ("secretary", "root", 404), ("coordinator", "root", 404)],
)
def test_pages_of_the_portal_are_for_those_whose_scope_is_everywhere(client, page, role, where, status):
    user = make_user()
    grant(user, role, make_root() if where == "root" else make_unit(parent=make_root()))
    client.force_login(user)
    assert client.get(reverse(page)).status_code == status
    home = client.get(reverse("manage-home"))
    assert (reverse(page) in page_of(home)) == (status == 200)


def test_unknown_texts_are_not_there(client, organiser):
    assert client.get(reverse("manage-message", args=["khong-co"])).status_code == 404
    assert client.post(reverse("manage-message-reset", args=["khong-co"])).status_code == 404


# --- Mails that went wrong --------------------------------------------------------------------------


def went_wrong(state=MailState.FAILED, **fields) -> Notification:
    user = make_user(email=f"a{Notification.objects.count()}@example.vn")
    told = tell(user, "Mật", body="Chuyện riêng")
    fields = {"error": "RCPT 550", "attempts": 2} | fields
    Notification.objects.filter(pk=told.pk).update(mail_state=state, **fields)
    return told


def test_the_status_page_counts_and_names_without_telling_what_was_written(client, organiser):
    went_wrong()
    went_wrong(MailState.PERHAPS_SENT, error="END SMTPServerDisconnected")
    page = page_of(client.get(reverse("manage-mail")))
    assert "Máy chủ thư không nhận địa chỉ người nhận (550)" in page
    assert "Máy chủ thư không xác nhận sau khi nhận nội dung" in page
    for secret in ("Mật", "Chuyện riêng", "@example.vn", "SMTPServerDisconnected"):
        assert secret not in page


def test_a_failed_mail_can_be_sent_again_with_a_trace(client, organiser):
    told = went_wrong()
    client.post(reverse("manage-mail-retry", args=[told.pk]))
    row = Notification.objects.get(pk=told.pk)
    assert (row.mail_state, row.attempts, row.error) == ("waiting", 0, "")
    entry = AuditEntry.objects.get(verb="mail.retry")
    assert entry.before == {"mail_state": "failed", "attempts": 2, "error": "RCPT 550"}
    assert "Mật" not in entry.object_label
    assert client.post(reverse("manage-mail-retry", args=[told.pk])).status_code == 404


def test_the_status_page_takes_as_many_queries_for_3_as_for_1(client, organiser, django_assert_num_queries):
    went_wrong()
    client.get(reverse("manage-mail"))
    with django_assert_num_queries(13):
        client.get(reverse("manage-mail"))
    went_wrong()
    went_wrong()
    with django_assert_num_queries(13):
        client.get(reverse("manage-mail"))
