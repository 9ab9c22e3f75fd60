"""Units whose earlier figures nobody of now can be given, named in the report."""

from collections.abc import Collection

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Unit
from contest.models import Round
from reports.participation import last_day
from reports.scope import Scope


def notes_on_splits(round: Round, earlier: Collection[Round], heirs: Collection[int], scope: Scope) -> list[str]:
    """A sentence for each unit of `earlier` rounds that has ended before `round` and left several. One query."""
    gone = Unit.objects.filter(
        round_units__round__in=[one.pk for one in earlier], valid_to__lte=last_day(round), successors__isnull=False
    )
    gone = gone.exclude(pk__in=heirs).exclude(round_units__round=round)
    if scope.unit_ids is not None:
        gone = gone.filter(pk__in=scope.unit_ids)
    with translation.override(settings.LANGUAGE_CODE):
        return [
            _("%(unit)s (%(code)s) đã tách thành nhiều đơn vị: số liệu các tuần trước không tính cho đơn vị nào.")
            % {"unit": unit.name, "code": unit.code}
            for unit in gone.distinct().order_by("code")
        ]
