"""What every page knows about its reader."""

from django.utils.functional import SimpleLazyObject

from accounts.rights import roles_of


def roles(request):
    """`roles`: the set of role codes of the signed-in person, read only if the page asks."""
    return {"roles": SimpleLazyObject(lambda: roles_of(request.user) if hasattr(request, "user") else set())}
