"""What the changelists show, as columns of our tables."""

from __future__ import annotations

from django.db import models


class User(models.Model):
    bot_id = models.BigIntegerField()
    first_name = models.TextField()
    last_name = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = "users"

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name or ''}".strip()


class Order(models.Model):
    snapshot = models.JSONField()

    class Meta:
        managed = False
        db_table = "orders"


class Receipt(models.Model):
    bot_id = models.BigIntegerField()
    user = models.ForeignKey(User, models.DO_NOTHING)
    order = models.ForeignKey(Order, models.DO_NOTHING)
    status = models.TextField()
    expected_amount = models.BigIntegerField()
    receipt_submitted_at = models.DateTimeField(null=True)
    duplicate_suspect = models.BooleanField()
    late = models.BooleanField()

    class Meta:
        managed = False
        db_table = "card_to_card_payments"


class Movement(models.Model):
    bot_id = models.BigIntegerField()
    user = models.ForeignKey(User, models.DO_NOTHING)
    kind = models.TextField()
    method = models.TextField()
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    note = models.TextField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "transactions"
