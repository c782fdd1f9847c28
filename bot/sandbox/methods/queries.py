"""Methods that answer a press, and those of a payment in Stars."""

from __future__ import annotations

import secrets

from bot.sandbox.conversation import say
from bot.sandbox.methods.call import Call, Handler, answer, draft, writable_chat
from bot.sandbox.protocol import ANSWER_TEXT_LIMIT, JsonObject, bad_request
from bot.sandbox.state import Query

_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_PAYLOAD_LIMIT = 128


def answer_callback_query(call: Call) -> bool:
    query = _open_query(call, "callback_query_id")
    text = call.params.text("text")
    if len(text) > ANSWER_TEXT_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    given: JsonObject = {
        "callback_query_id": query.id,
        "text": text,
        "show_alert": call.params.flag("show_alert"),
        "url": call.params.text("url"),
    }
    _settle(call, query, given)
    return True


def send_invoice(call: Call) -> JsonObject:
    params = call.params
    chat = writable_chat(call)
    invoice = _invoice(call)
    prepared = draft(call, chat, {"invoice": invoice})
    prepared.invoice_payload = params.text("payload")
    if prepared.markup.inline is None:
        price = f"{invoice['total_amount']} {invoice['currency']}"
        pay = {"text": f"Pay {price}", "pay": True}
        prepared.markup = type(prepared.markup)(inline={"inline_keyboard": [[pay]]})
    return answer(call, chat, say(call.world, call.bot, chat, prepared))


def create_invoice_link(call: Call) -> str:
    _invoice(call)
    return f"https://t.me/${secrets.token_urlsafe(12)}"


def answer_pre_checkout_query(call: Call) -> bool:
    query = _open_query(call, "pre_checkout_query_id")
    agreed = call.params.flag("ok")
    reason = call.params.text("error_message")
    if not agreed and not reason:
        raise bad_request("error message must be non-empty")
    _settle(call, query, {"pre_checkout_query_id": query.id, "ok": agreed, "error_message": reason})
    del call.bot.queries[query.id]
    return True


def refund_star_payment(call: Call) -> bool:
    charge = call.bot.charges.get(call.params.text("telegram_payment_charge_id"))
    if charge is None or charge["user_id"] != call.params.integer("user_id"):
        raise bad_request("CHARGE_ID_INVALID")
    if charge.get("is_refunded"):
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    charge["is_refunded"] = True
    return True


def _open_query(call: Call, field: str) -> Query:
    query = call.bot.queries.get(call.params.text(field))
    if query is None or query.expires_at <= call.world.clock.now():
        raise bad_request(_TOO_OLD)
    return query


def _settle(call: Call, query: Query, given: JsonObject) -> None:
    """Show the answer to the one who asked, and to whoever drives the sandbox and waits for it."""
    query.chat.answers.append(given)
    query.answered.set()
    call.world.hub.tell((call.bot.id, query.chat.id), lambda: {"event": "answer", **given})


def _invoice(call: Call) -> JsonObject:
    params = call.params
    if not params.text("title") or not params.text("description"):
        raise bad_request("invoice title and description must be non-empty")
    if not 1 <= len(params.text("payload").encode()) <= _PAYLOAD_LIMIT:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    prices = params.items("prices")
    total = sum(int(price["amount"]) for price in prices)
    currency = params.text("currency")
    if not prices or total <= 0 or not currency:
        raise bad_request("CURRENCY_TOTAL_AMOUNT_INVALID")
    return {
        "title": params.text("title"),
        "description": params.text("description"),
        "start_parameter": params.text("start_parameter"),
        "currency": currency,
        "total_amount": total,
    }


METHODS: dict[str, Handler] = {
    "answerCallbackQuery": answer_callback_query,
    "sendInvoice": send_invoice,
    "createInvoiceLink": create_invoice_link,
    "answerPreCheckoutQuery": answer_pre_checkout_query,
    "refundStarPayment": refund_star_payment,
}
