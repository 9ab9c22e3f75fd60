"""Pages under /manage/clips/."""

from django.urls import path

from videos.result import views

urlpatterns = [
    path("<int:pk>/result/", views.result, name="manage-clip-result"),
    path("<int:pk>/result/compute/", views.compute, name="manage-clip-result-compute"),
    path("<int:pk>/result/order/", views.order, name="manage-clip-result-order"),
    path("<int:pk>/result/publish/", views.publish, name="manage-clip-result-publish"),
    path("<int:pk>/result/<int:number>/", views.calculation, name="manage-clip-result-clip"),
]
