"""Pages under /clips/."""

from django.urls import path

from videos.handing_in import views

urlpatterns = [
    path("mine/", views.my_clips, name="my-clips"),
    path("mine/contests/<int:contest_pk>/new/", views.new, name="clip-new"),
    path("mine/<uuid:pk>/", views.clip, name="clip"),
    path("mine/<uuid:pk>/edit/", views.edit, name="clip-edit"),
    path("mine/<uuid:pk>/progress/", views.progress, name="clip-progress"),
    path("mine/<uuid:pk>/captions/", views.captions, name="clip-captions"),
    path("mine/<uuid:pk>/retry/", views.retry, name="clip-retry"),
    path("mine/<uuid:pk>/submit/", views.submit, name="clip-submit"),
    path("mine/<uuid:pk>/delete/", views.delete, name="clip-delete"),
]
