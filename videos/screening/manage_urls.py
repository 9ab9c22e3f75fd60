"""Pages under /manage/clips/."""

from django.urls import path

from videos.screening import views

urlpatterns = [
    path("<int:pk>/list/", views.clips, name="manage-clip-list"),
    path("<int:pk>/missing/", views.missing, name="manage-clips-missing"),
    path("<int:pk>/missing/remind/", views.remind, name="manage-clips-remind"),
    path("clip/<uuid:pk>/", views.clip, name="manage-clip"),
]
