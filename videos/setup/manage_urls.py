"""Pages under /manage/clips/."""

from django.urls import path

from videos.setup import views

urlpatterns = [
    path("", views.index, name="manage-clip-contests"),
    path("new/<int:contest_pk>/", views.create, name="manage-clips-create"),
    path("<int:pk>/", views.overview, name="manage-clips"),
    path("<int:pk>/settings/", views.edit, name="manage-clips-settings"),
    path("<int:pk>/rubric/", views.rubric, name="manage-rubric"),
    path("<int:pk>/rubric/choose/", views.rubric_choose, name="manage-rubric-choose"),
]
