from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_audit_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='label',
            field=models.CharField(blank=True, db_default='', default='', max_length=100, verbose_name='tên gợi nhớ'),
        ),
        migrations.AddField(
            model_name='apitoken',
            name='last_used_on',
            field=models.DateField(blank=True, null=True),
        ),
    ]
