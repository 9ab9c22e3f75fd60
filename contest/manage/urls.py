"""The organisers' pages."""

from django.urls import include, path

from accounts.views import audit, role_review, roles, tokens
from contest.manage import contests, people, persons, questions, record, results, rounds

urlpatterns = [
    path("", contests.home, name="manage-home"),
    path("contests/new/", contests.create, name="manage-contest-create"),
    path("contests/<int:pk>/", contests.detail, name="manage-contest"),
    path("contests/<int:pk>/settings/", contests.edit, name="manage-contest-edit"),
    path("contests/<int:pk>/visibility/", contests.visibility, name="manage-contest-visibility"),
    path("contests/<int:pk>/blocks/", contests.blocks, name="manage-blocks"),
    path("contests/<int:pk>/blocks/<int:block_pk>/", contests.block, name="manage-block"),
    path("contests/<int:pk>/blocks/<int:block_pk>/delete/", contests.block_delete, name="manage-block-delete"),
    path("contests/<int:pk>/ineligible/", people.ineligible, name="manage-ineligible"),
    path("contests/<int:pk>/ineligible/<int:ineligibility_pk>/delete/", people.readmit, name="manage-readmit"),
    path("contests/<int:pk>/rounds/new/", rounds.create, name="manage-round-create"),
    path("rounds/<int:pk>/", rounds.detail, name="manage-round"),
    path("rounds/<int:pk>/edit/", rounds.edit, name="manage-round-edit"),
    path("rounds/<int:pk>/delete/", rounds.delete, name="manage-round-delete"),
    path("rounds/<int:pk>/questions/", questions.of_round, name="manage-round-questions"),
    path("rounds/<int:pk>/questions/pick/", questions.pick, name="manage-round-pick"),
    path("rounds/<int:pk>/key/", questions.key, name="manage-round-key"),
    path("rounds/<int:pk>/prizes/", rounds.prizes, name="manage-round-prizes"),
    path("rounds/<int:pk>/headcounts/", rounds.headcounts, name="manage-round-headcounts"),
    path("rounds/<int:pk>/schedule/", rounds.schedule, name="manage-round-schedule"),
    path("rounds/<int:pk>/close/", rounds.close, name="manage-round-close"),
    path(
        "rounds/<int:pk>/close/<int:extension_pk>/confirm/", rounds.extension_confirm, name="manage-extension-confirm"
    ),
    path("rounds/<int:pk>/publish/", results.publish, name="manage-round-publish"),
    path("rounds/<int:pk>/finalise/", results.finalise, name="manage-round-finalise"),
    path("rounds/<int:pk>/standings/", results.standings, name="manage-round-standings"),
    path("rounds/<int:pk>/record/", record.full_record, name="manage-round-record"),
    path("rounds/<int:pk>/draws/", results.draws, name="manage-draws"),
    path("banks/", questions.banks, name="manage-banks"),
    path("banks/new/", questions.bank_create, name="manage-bank-create"),
    path("banks/<slug:slug>/", questions.bank, name="manage-bank"),
    path("banks/<slug:slug>/questions/new/", questions.question_create, name="manage-question-create"),
    path("questions/<int:pk>/", questions.question, name="manage-question"),
    path("questions/<int:pk>/delete/", questions.question_delete, name="manage-question-delete"),
    path("imports/", include("contest.manage.import_urls")),
    path("people/", persons.people, name="manage-people"),
    path("people/<int:pk>/", persons.person, name="manage-person"),
    *(path(f"people/<int:pk>/{act}/", persons.act, {"act": act}, name=f"manage-person-{act}") for act in persons.ACTS),
    path("audit/", audit.trace, name="manage-audit"),
    path("audit/verify/", audit.verify, name="manage-audit-verify"),
    path("audit/anchor/", audit.anchor, name="manage-audit-anchor"),
    path("tokens/", tokens.tokens, name="manage-tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke, name="manage-token-revoke"),
    path("roles/", roles.roles, name="manage-roles"),
    path("roles/grant/", roles.grant, name="manage-role-grant"),
    path("roles/review/", role_review.review, name="manage-role-review"),
    path("roles/review/keep/", role_review.keep, name="manage-role-keep"),
    path("roles/<int:pk>/", roles.history, name="manage-role"),
    path("roles/<int:pk>/revoke/", roles.revoke, name="manage-role-revoke"),
]
