"""The two changelists."""

from __future__ import annotations

from django.contrib import admin

from tests.bench.baselines.django_shop.models import Movement, Receipt

ROWS = 50


class OfOneShop(admin.ModelAdmin):
    """Whoever filters the list by a shop may."""

    list_per_page = ROWS
    show_full_result_count = False

    def lookup_allowed(self, _lookup: str, _value: str, _request: object = None) -> bool:
        return True


@admin.register(Receipt)
class ReceiptAdmin(OfOneShop):
    list_display = (
        *("user", "plan_name", "expected_amount", "receipt_submitted_at"),
        *("status", "duplicate_suspect", "late"),
    )
    list_select_related = ("user", "order")
    ordering = ("receipt_submitted_at", "id")

    @admin.display(description="plan")
    def plan_name(self, receipt: Receipt) -> str:
        return receipt.order.snapshot["name"]


@admin.register(Movement)
class MovementAdmin(OfOneShop):
    list_display = ("created_at", "user", "kind", "method", "amount", "balance_after", "note")
    list_select_related = ("user",)
    ordering = ("-created_at", "-id")
