"""The portal's addresses with the unlisted admin among them."""

from django.urls import path

from config.admin import site
from config.urls import *  # noqa: F403
from config.urls import urlpatterns as listed

urlpatterns = [*listed, path("khong-ai-doan-duoc/", site.urls)]
