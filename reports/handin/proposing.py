"""The proposals for awards as the document that is signed: who may make it, when, and from what."""

from django.utils.translation import gettext as _

from accounts.models import User
from contest.models import Contest
from contest.models.round import RoundState
from reports.collective.awards import awards_of
from reports.collective.documents import ranking_to_show
from reports.handin.content import NotYetSignable
from reports.handin.papers.proposal import proposal_paper
from reports.handin.readers import may_freeze
from reports.issuing import issuing_body_of
from reports.official.document import OfficialDocument
from reports.outdated import ranking_outdated
from reports.problems import ExportNotAllowed


def require_proposal(user: User, contest: Contest) -> None:
    """Make sure that `user` may make the document now.

    Raises ExportNotAllowed; NotYetSignable while a result is provisional, the frozen ranking is outdated, or a tied
    unit's prize is not decided.
    """
    if not may_freeze(user, contest.unit_id):
        raise ExportNotAllowed
    rounds = contest.rounds.counted()
    if not rounds.exists() or rounds.exclude(state=RoundState.FINAL).exists():
        raise NotYetSignable(_("Chỉ lập được tờ trình khi mọi tuần thi đã có kết quả chính thức."))
    ranking, result = ranking_to_show(contest)
    if ranking.rule["is_held"] and result is None:
        raise NotYetSignable(_("Chỉ lập được tờ trình sau khi chốt kết quả tập thể."))
    if result is not None and ranking_outdated(result):
        raise NotYetSignable(_("Kết quả tập thể đã chốt cũ hơn kết quả hiện nay. Hãy tính lại rồi lập tờ trình."))
    if ranking.standings.has_undecided:
        raise NotYetSignable(_("Còn đơn vị đồng hạng chưa được phân định giải."))


def proposal_of(contest: Contest) -> OfficialDocument:
    """The submission with its lists. Call `require_proposal` first."""
    ranking, result = ranking_to_show(contest)
    return proposal_paper(contest, ranking, result, awards_of(contest, ranking), issuing_body_of(contest))
