"""Pages under /manage/clips/."""

from django.urls import path

from videos.panel import changing, manage

urlpatterns = [
    path("<int:pk>/panel/", manage.panel, name="manage-panel"),
    path("<int:pk>/panel/members/<int:member_pk>/dismiss/", manage.dismiss, name="manage-panel-dismiss"),
    path("<int:pk>/panel/members/<int:member_pk>/chair/", manage.chair, name="manage-panel-chair"),
    path("<int:pk>/panel/members/<int:member_pk>/replace/", changing.replace, name="manage-panel-replace"),
    path("<int:pk>/panel/add/", changing.add, name="manage-panel-add"),
    path("<int:pk>/panel/start/", manage.start, name="manage-panel-start"),
    path("<int:pk>/panel/assign/", manage.assign, name="manage-panel-assign"),
    path("<int:pk>/panel/remind/", manage.remind, name="manage-panel-remind"),
    path("<int:pk>/panel/close-sheets/", manage.close_sheets, name="manage-panel-close-sheets"),
    path("<int:pk>/panel/lock/", manage.lock, name="manage-panel-lock"),
]
