"""Pages and files under /clips/."""

from django.urls import path

from videos.watching import views

urlpatterns = [
    path("", views.galleries, name="clip-galleries"),
    path("contests/<slug:slug>/", views.gallery, name="clip-gallery"),
    path("contests/<slug:slug>/<int:number>/", views.published_clip, name="clip-published"),
    path("files/<uuid:file_id>/<str:name>", views.media, name="clip-media"),
    path("scripts/<uuid:pk>/", views.script, name="clip-script"),
]
