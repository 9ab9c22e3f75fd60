"""Pages under /clips/."""

from django.urls import path

from videos.handing_in import views

urlpatterns = [
    path("mine/", views.my_clips, name="my-clips"),
]
