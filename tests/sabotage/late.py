"""The ways of a late receipt's money, each guard with the line that is it."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

LATE = "tests/shop/test_late.py"
AT_THE_DESK = "tests/web/test_late.py"
IN_THE_CHAT = "tests/bot/test_late.py"
MACHINE = "tests/shop/test_money_stateful.py"

WAYS = "shop/receipts/lateness.py"
RECEIPTS = "shop/receipts/service.py"
HOLDS = "shop/receipts/holding.py"
PAYMENTS = "shop/payments/service.py"
ORDERS = "shop/orders/service.py"
LISTED = "shop/receipts/browsing.py"
CARD = "bot/views/review.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a receipt that came in time is turned into a balance",
        WAYS,
        '        raise BadInput("to_wallet", "not_late")\n',
        "        pass\n",
        (LATE,),
    ),
    Mutant(
        "what was meant for the wallet buys the order all the same",
        PAYMENTS,
        "    if to_wallet:\n",
        "    if False:\n",
        (LATE, MACHINE),
    ),
    Mutant(
        "the order whose money went to the wallet stays open",
        ORDERS,
        'status="expired", closed_reason="late_to_wallet"',
        'closed_reason="late_to_wallet"',
        (LATE,),
    ),
    Mutant(
        "money that came late closes an order that was paid meanwhile",
        ORDERS,
        "        .where(Order.id == order_id, Order.status.in_(rules.PAYABLE))\n"
        '        .values(status="expired", closed_reason',
        '        .where(Order.id == order_id)\n        .values(status="expired", closed_reason',
        (LATE,),
    ),
    Mutant(
        "the way to the wallet outlives the hold that was taken back",
        HOLDS,
        "amount=None, to_wallet=False, reject_reason=None",
        "amount=None, reject_reason=None",
        (LATE, MACHINE),
    ),
    Mutant(
        "the way to the wallet outlives the picture it was decided on",
        RECEIPTS,
        "    payment.to_wallet = False\n",
        "",
        (LATE, MACHINE),
    ),
    Mutant(
        "what is decided at once forgets the way to the wallet",
        RECEIPTS,
        '        to_wallet=other.get("to_wallet", False),\n',
        "",
        (LATE,),
    ),
    Mutant(
        "the customer is told that his order differs, not that it was closed",
        RECEIPTS,
        "    elif payment.to_wallet:\n",
        "    elif False:\n",
        (LATE,),
    ),
    Mutant(
        "a receipt in time offers the wallet at the desk",
        "templates/web/receipts/_act.html",
        "{% if item.late and not is_above %}",
        "{% if not is_above %}",
        tests_of(AT_THE_DESK, "test_a_receipt_in_time_offers_no_wallet"),
    ),
    Mutant(
        "the list of all receipts calls it plainly approved",
        "templates/web/receipts/all/_list.html",
        "{%- elif x.to_wallet %}",
        "{%- elif false %}",
        (AT_THE_DESK,),
    ),
    Mutant(
        "the list of what went to the wallet shows all that was approved",
        LISTED,
        '"to_wallet": _Payment.to_wallet.is_(True) & _Payment.status',
        '"to_wallet": _Payment.status',
        (AT_THE_DESK,),
    ),
    Mutant(
        "the history calls it plainly approved",
        "web/history.py",
        '    if row.data.get("to_wallet"):\n',
        "    if False:\n",
        (AT_THE_DESK,),
    ),
    Mutant(
        "a receipt in time offers the wallet in the chat",
        CARD,
        'if is_late else (),\n        [press(_("⚖️',
        'if True else (),\n        [press(_("⚖️',
        tests_of(IN_THE_CHAT, "test_a_receipt_that_came_in_time_offers_no_wallet_in_the_chat"),
    ),
    Mutant(
        "the chat approves what was to go to the wallet",
        "bot/handlers/team.py",
        "await chat.approve(uow, pressed, despite_warnings=sure, to_wallet=True)",
        "await chat.approve(uow, pressed, despite_warnings=sure)",
        (IN_THE_CHAT,),
    ),
    Mutant(
        "who comes second in the chat does not hear that it went to the wallet",
        CARD,
        "    if isinstance(refusal, DecisionHeld | ReceiptAlreadyReviewed) and refusal.to_wallet:\n",
        "    if False:\n",
        (IN_THE_CHAT,),
    ),
)
