import accounts.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_api_token_label_and_use'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(
                condition=Q(('valid_to', None), ('valid_to__gte', F('valid_from')), _connector='OR'),
                name='role_grant_starts_before_end',
            ),
        ),
        migrations.CreateModel(
            name='RoleReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=accounts.clock.ClockTimestamp())),
                ('grant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='accounts.rolegrant')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'lần rà soát vai trò',
                'ordering': ['-at', '-id'],
            },
        ),
    ]
