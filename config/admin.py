"""The unlisted admin: Django's, on a path and host of its own, for administrators over everything, and nobody else.

It is for looking things up when a page for it is missing. What it shows is listed here, column by column: no keys,
answers, scores, salts, secrets, tokens, factors or sessions. It writes units and their kinds only, with a trace.
"""

from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Membership, RoleGrant, Unit, UnitKind, User
from accounts.rights import Right, units_with
from contest.models import Contest, Round
from reports.models import Export


class UnlistedAdmin(AdminSite):
    """Answers 404 to everybody who is no administrator over everything, and on every other host."""

    site_header = site_title = _("Quản trị hệ thống")
    index_title = _("Tra cứu dữ liệu")
    site_url = "/"
    enable_nav_sidebar = False
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the person manages people over a root unit, and asks on the host that is meant for it.

        Asked once in a request, as Django asks for every table.
        """
        asked = cast(Any, request)
        if not hasattr(asked, "administers"):
            is_right_host = not settings.ADMIN_HOST or request.get_host() == settings.ADMIN_HOST
            roots = units_with(asked.user, Right.MANAGE_PEOPLE).filter(parent=None)
            asked.administers = is_right_host and roots.exists()
        return asked.administers

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        def only_for_administrators(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                raise Http404
            return guarded(request, *args, **kwargs)

        return only_for_administrators

    def get_urls(self) -> list:
        def nobody(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            raise Http404

        own = {"login", "password_change", "password_change_done", "autocomplete", "view_on_site", "logout"}
        urls = [url for url in super().get_urls() if getattr(url, "name", None) not in own]
        # Templates of Django's name these; nobody is led there.
        return [*(path(f"{name}/", nobody, name=name) for name in sorted(own)), *urls]


class ReadOnly(ModelAdmin):
    """A table to look at: the columns that are `shown`, no others, and nothing to change."""

    shown: tuple[str, ...] = ()

    list_per_page = 50
    show_full_result_count = False
    actions = None
    list_select_related = True

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return self.shown

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.shown

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No filters by address: `?password__startswith=` would tell what is not shown."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Editable(ReadOnly):
    """A table whose rows may be changed, one at a time and with a trace; rows are made by imports."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Save, and leave in the portal's trace what was before and after; Django runs it in a transaction."""
        before = {name: str(form.initial.get(name)) for name in form.changed_data}
        super().save_model(request, obj, form, change)
        after = {name: str(getattr(obj, obj._meta.get_field(name).attname)) for name in form.changed_data}
        actor = request.user
        assert isinstance(actor, User)
        record_audit(actor=actor, verb="admin.change", object=obj, before=before, after=after)


class UnitKindAdmin(Editable):
    shown = ("name", "position")
    search_fields = ["name"]


class UnitAdmin(Editable):
    # What reports of rounds and rights rest on (parent, headcount, dates) is for imports to change.
    shown = ("code", "name", "kind", "parent", "headcount", "valid_from", "valid_to")
    readonly_fields = ("code", "parent", "headcount", "valid_from", "valid_to")
    search_fields = ["code", "search_key"]


class UserAdmin(ReadOnly):
    shown = ("employee_id", "full_name", "position", "block", "is_active", "linked_at")
    search_fields = ["employee_id", "search_key"]


class MembershipAdmin(ReadOnly):
    shown = ("user", "unit", "starts_on", "ends_on")
    search_fields = ["user__employee_id", "unit__code"]


class RoleGrantAdmin(ReadOnly):
    shown = ("user", "role", "unit", "valid_from", "valid_to", "granted_by", "reason")
    search_fields = ["user__employee_id", "unit__code"]


class ContestAdmin(ReadOnly):
    shown = ("title", "slug", "unit", "is_public")


class RoundAdmin(ReadOnly):
    shown = ("contest", "number", "title", "state", "opens_at", "closes_at", "version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Round]:
        """Without the columns that hold the paper, the key and the secrets: not even read."""
        return super().get_queryset(request).only(*self.shown)


class ExportAdmin(ReadOnly):
    shown = ("kind", "format", "state", "requested_by", "requested_at", "expires_at", "size", "error")


site = UnlistedAdmin(name="admin")
for model, admin in (
    (UnitKind, UnitKindAdmin),
    (Unit, UnitAdmin),
    (User, UserAdmin),
    (Membership, MembershipAdmin),
    (RoleGrant, RoleGrantAdmin),
    (Contest, ContestAdmin),
    (Round, RoundAdmin),
    (Export, ExportAdmin),
):
    site.register(model, admin)
