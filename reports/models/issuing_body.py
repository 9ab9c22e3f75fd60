"""Who issues and signs the official documents of a contest."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contest.models import Contest


class IssuingBody(models.Model):
    """Who issues and signs the documents of a contest. Vietnamese texts, printed as they are.

    `superior` may be empty. Symbols follow the number ("12/BC-BTC"). `authority` is the line above the signer's title
    in reports ("TM. BAN TỔ CHỨC"); `decides` is who decides, above the legal bases of a decision. The second signer
    signs minutes only. `legal_bases` and `recipients` are lists, a line each.
    """

    contest = models.OneToOneField(Contest, models.CASCADE, related_name="issuing_body")
    superior = models.CharField(_("cơ quan chủ quản"), max_length=255, blank=True)
    name = models.CharField(_("cơ quan ban hành"), max_length=255)
    place = models.CharField(_("địa danh"), max_length=100)
    report_symbol = models.CharField(_("ký hiệu báo cáo"), max_length=30)
    decision_symbol = models.CharField(_("ký hiệu quyết định"), max_length=30)
    minutes_symbol = models.CharField(_("ký hiệu biên bản"), max_length=30)
    authority = models.CharField(_("thẩm quyền ký"), max_length=150, blank=True)
    decides = models.CharField(_("người ban hành quyết định"), max_length=150)
    signer_title = models.CharField(_("chức vụ người ký"), max_length=150)
    signer_name = models.CharField(_("họ tên người ký"), max_length=150, blank=True)
    second_title = models.CharField(_("chức vụ người ký thứ hai"), max_length=150)
    second_name = models.CharField(_("họ tên người ký thứ hai"), max_length=150, blank=True)
    legal_bases = models.TextField(_("căn cứ của quyết định"), max_length=4000, blank=True)
    recipients = models.TextField(_("nơi nhận"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("cơ quan ban hành")

    def __str__(self) -> str:
        return self.name

    @property
    def basis_lines(self) -> list[str]:
        return lines_of(self.legal_bases)

    @property
    def recipient_lines(self) -> list[str]:
        return lines_of(self.recipients)


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
