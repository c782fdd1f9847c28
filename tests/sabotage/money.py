"""Each guard of the money path with the line that is it, and what stands there without it."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

MONEY = "tests/shop/test_money.py"
HOLDING = "tests/shop/test_holding.py"
OTHER_AMOUNT = "tests/shop/test_other_amount.py"
MACHINE = "tests/shop/test_money_stateful.py"
CARDS = "tests/shop/test_cards.py"
WALLETS = "tests/shop/test_wallet.py"
CHAT = "tests/shop/test_chat.py"
EVERYWHERE = (MONEY, HOLDING, MACHINE)

RECEIPTS = "shop/receipts/service.py"
DECIDES = "shop/receipts/deciding.py"
HOLDS = "shop/receipts/holding.py"
PRESSES = "shop/receipts/chat.py"
ORDERS = "shop/orders/service.py"
PAYMENTS = "shop/payments/service.py"
WALLET = "shop/wallet/service.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "the payer holds a decision on his own payment",
        HOLDS,
        "        & is_anothers(uow),\n",
        ",\n",
        (CHAT,),
    ),
    Mutant(
        "the payer decides on his own payment at once",
        DECIDES,
        "CardToCardPayment.commit_at.is_(None) & is_not_of(_SHOP, _ME)",
        "CardToCardPayment.commit_at.is_(None)",
        (CHAT,),
    ),
    Mutant(
        "a press counts in any chat",
        PRESSES,
        "if chat_id not in (own.notification_group_id, own.admin_chat_id):",
        "if False:",
        (CHAT,),
    ),
    Mutant(
        "a press under an older receipt's card decides on the newer one",
        PRESSES,
        "if newest != turn:",
        "if False:",
        (CHAT,),
    ),
    Mutant(
        "a decision counts whatever the receipt's status is",
        DECIDES,
        "            among(CardToCardPayment.status, rules.DECIDABLE),\n",
        "",
        EVERYWHERE,
        meets="trap 19",
    ),
    Mutant(
        "what a colleague holds can be decided at once by another",
        DECIDES,
        "CardToCardPayment.commit_at.is_(None) & is_not_of(_SHOP, _ME)",
        "is_not_of(_SHOP, _ME)",
        (HOLDING,),
    ),
    Mutant(
        "a held decision is settled before its hold is over",
        DECIDES,
        "    CardToCardPayment.commit_at <= _NOW,\n    status=case(",
        "    CardToCardPayment.commit_at.is_not(None),\n    status=case(",
        (HOLDING, MACHINE),
    ),
    Mutant(
        "a held rejection is settled as an approval",
        DECIDES,
        '(CardToCardPayment.held_decision == "reject", "rejected"),',
        '(CardToCardPayment.held_decision == "reject", "approved"),',
        (HOLDING,),
    ),
    Mutant(
        "whoever may not decide settles",
        RECEIPTS,
        '    """Decide at once, or say why not."""\n    require(uow.actor, RECEIPTS_APPROVE)\n',
        '    """Decide at once, or say why not."""\n',
        (MONEY,),
    ),
    Mutant(
        "the payer's row is not locked while a decision counts",
        RECEIPTS,
        "await uow.session.scalar(select(User).where(User.id == payer).with_for_update())",
        "await uow.session.scalar(select(User).where(User.id == payer))",
        EVERYWHERE,
    ),
    Mutant(
        "a new picture leaves the hold about the old one",
        RECEIPTS,
        "    if payment.commit_at is not None:\n        await _void_hold(uow, payment)\n",
        "",
        (HOLDING,),
    ),
    Mutant(
        "the approved amount is credited in Rial",
        RECEIPTS,
        "        amount=arrived,\n        currency=payment.currency,",
        "        amount=arrived * 10,\n        currency=payment.currency,",
        (MONEY,),
    ),
    Mutant(
        "what was asked for is booked, whatever arrived",
        RECEIPTS,
        "arrived = payment.expected_amount if payment.amount is None else payment.amount",
        "arrived = payment.expected_amount",
        (OTHER_AMOUNT,),
    ),
    Mutant(
        "an order whose rest is missing is forgotten",
        PAYMENTS,
        "    waiting = await orders.keep_for_the_rest(uow, order_id)\n",
        "    waiting = None\n",
        (OTHER_AMOUNT,),
    ),
    Mutant(
        "the rest is asked for as if nothing had come",
        PAYMENTS,
        "amount = order.amount - (user.balance if is_rest else 0)",
        "amount = order.amount",
        (OTHER_AMOUNT,),
    ),
    Mutant(
        "another amount outlives the hold that was taken back",
        "shop/receipts/holding.py",
        "release(\n        uow, payment_id, amount=None, to_wallet=False",
        "release(\n        uow, payment_id, to_wallet=False",
        (OTHER_AMOUNT,),
    ),
    Mutant(
        "another amount outlives the picture it was read from",
        RECEIPTS,
        '(*NOT_HELD, "amount")',
        "NOT_HELD",
        (OTHER_AMOUNT,),
    ),
    Mutant(
        "ten times the price is taken for what it says",
        "shop/receipts/rules.py",
        '    if amount >= asked * FAR_TOO_MUCH:\n        raise BadInput("arrived", "far_too_much")\n',
        "",
        (OTHER_AMOUNT,),
    ),
    Mutant(
        "a credit's cause names the order instead of the payment",
        RECEIPTS,
        'cause=f"c2c:{payment.id}",',
        'cause=f"c2c:{payment.order_id}",',
        (MONEY, MACHINE),
    ),
    Mutant(
        "a rejection leaves the order to its old deadline",
        RECEIPTS,
        "values(expires_at=max(uow.now + KEPT_AFTER_REJECTION, payment.expires_at), updated_at=uow.now)",
        "values(updated_at=uow.now)",
        (MONEY,),
    ),
    Mutant(
        "a second decision is held over the first",
        HOLDS,
        "        & CardToCardPayment.commit_at.is_(None)\n",
        "",
        (HOLDING,),
    ),
    Mutant(
        "a payment without a receipt is held",
        HOLDS,
        "CardToCardPayment.status.in_(rules.DECIDABLE)\n        & CardToCardPayment.commit_at.is_(None)",
        "CardToCardPayment.commit_at.is_(None)",
        (HOLDING,),
    ),
    Mutant(
        "a decision is taken back after its hold",
        HOLDS,
        "    if held.commit_at <= uow.now:\n        raise TooLate(payment_id, held.held_decision)\n",
        "",
        (HOLDING,),
    ),
    Mutant(
        "a grave warning is not asked about",
        HOLDS,
        "    if grave and not despite_warnings:",
        "    if grave and despite_warnings:",
        (HOLDING,),
    ),
    Mutant(
        "what the worker settles is booked in its own name",
        HOLDS,
        "return recall(self.held_by, self.name, permissions=frozenset({RECEIPTS_APPROVE}))",
        'return System("holds")',
        (HOLDING,),
    ),
    Mutant(
        "one decision that cannot be settled stops the others",
        HOLDS,
        "            await _put_off(units, due)",
        "            raise",
        (HOLDING,),
    ),
    Mutant(
        "a balance goes below nought",
        WALLET,
        ", User.balance + signed >= 0)",
        ")",
        (WALLETS,),
    ),
    Mutant(
        "an entry forgets what was there before",
        WALLET,
        "moved.c.balance - signed, moved.c.balance)",
        "moved.c.balance, moved.c.balance)",
        (MONEY,),
    ),
    Mutant(
        "the ledger books the amount with the wrong sign",
        WALLET,
        '        "amount": signed,',
        '        "amount": -signed,',
        (MONEY,),
    ),
    Mutant(
        "an order that is paid takes the money again",
        ORDERS,
        "            Order.status.in_(rules.PAYABLE),\n",
        "",
        (MONEY, MACHINE),
    ),
    Mutant(
        "an order is paid although the balance does not reach",
        ORDERS,
        ".scalar_subquery() >= Order.amount,",
        ".scalar_subquery() >= 0,",
        (WALLETS,),
    ),
    Mutant(
        "a debit's cause is not the order's",
        ORDERS,
        'cause=f"order:{order.id}:debit",',
        'cause=f"order:{order.id}:{uow.now}",',
        (MONEY,),
    ),
    Mutant(
        "an order is cancelled while its receipt waits",
        ORDERS,
        'if order.status not in rules.CANCELLABLE or (payment and payment.status == "receipt_submitted"):',
        "if order.status not in rules.CANCELLABLE:",
        (HOLDING, MACHINE),
    ),
    Mutant(
        "a payment that has its receipt runs out all the same",
        PAYMENTS,
        '.where(CardToCardPayment.id == payment_id, CardToCardPayment.status == "created")',
        ".where(CardToCardPayment.id == payment_id)",
        (MONEY, MACHINE),
    ),
    Mutant(
        "a closed order is given a card again",
        PAYMENTS,
        'if (order.status != "awaiting_payment" and not is_rest) or amount < 1:',
        "if amount < 1:",
        (MONEY, MACHINE),
    ),
    Mutant(
        "two buyers are handed the same line",
        "shop/provisioning/stock.py",
        "        .with_for_update(skip_locked=True)\n",
        "",
        (WALLETS, MONEY),
    ),
    Mutant(
        "an order that has its line takes another",
        "shop/provisioning/stock.py",
        ".where(is_free, ~exists(select(mine.c.content)))",
        ".where(is_free)",
        (MONEY, MACHINE),
        unnoticed_because="an order has one job by a unique key, and a job that is done is never run again",
    ),
    Mutant(
        "a rejection keeps the card's room of the day",
        "shop/cards/rules.py",
        '"rejected_count": 1, "reserved_count": -1, "reserved_amount": -amount}',
        '"rejected_count": 1}',
        (CARDS,),
    ),
    Mutant(
        "callers choose a card without taking turns",
        "shop/cards/rotation.py",
        ".with_for_update(of=CardRotation)",
        "",
        (CARDS,),
    ),
    Mutant(
        "what a unit promised is forgotten at its end",
        "shop/unit_of_work.py",
        "                    await uow.last.write(session)\n                finally:",
        "                finally:",
        (MONEY,),
    ),
)
