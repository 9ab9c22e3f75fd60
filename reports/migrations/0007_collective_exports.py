from django.db import migrations, models


class Migration(migrations.Migration):
    """Files of rankings of units, proposals for awards and year-end figures."""

    dependencies = [
        ("reports", "0006_collective_result"),
    ]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="kind",
            field=models.CharField(
                choices=[
                    ("participation", "Báo cáo tham gia"),
                    ("nonparticipants", "Danh sách chưa tham gia"),
                    ("standings", "Bảng xếp hạng"),
                    ("weekly_report", "Báo cáo tuần"),
                    ("final_report", "Báo cáo tổng kết"),
                    ("winners_decision", "Quyết định trao giải"),
                    ("collective_ranking", "Xếp hạng tập thể"),
                    ("award_proposals", "Đề nghị khen thưởng"),
                    ("year_end", "Kết quả cuối năm của các đơn vị"),
                    ("closing_minutes", "Biên bản đóng tuần thi"),
                ],
                max_length=20,
                verbose_name="loại báo cáo",
            ),
        ),
    ]
