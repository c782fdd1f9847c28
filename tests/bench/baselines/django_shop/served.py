"""The application, with its own tables and the one person who may enter."""

from __future__ import annotations

import os

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection


def create_app():
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.baselines.django_shop.settings"
    django.setup()
    from django.contrib.auth import get_user_model  # noqa: PLC0415  (there are no models before)

    call_command("migrate", interactive=False, verbosity=0)
    people = get_user_model().objects
    if not people.filter(username="bench").exists():
        people.create_superuser("bench", password="bench")
    connection.close()
    return get_wsgi_application()
