"""What only a browser shows: one thing of each page taken out, by the test that looks at that page.

Each needs the whole running product, so they are tried when they are asked for: ``--list browser``.
"""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

SCRIPT = "static/js/app.js"
SNAPSHOT = "templates/web/live/_snapshot.html"


def _seen(page: str, name: str) -> tuple[str, ...]:
    return (f"tests/browser/test_{page}.py::{name}",)


PAGES = (
    Mutant(
        "history is shown whole, whatever is asked for",
        "shop/audit/queries.py",
        "    if wanted.kind in KINDS:\n",
        "    if False:\n",
        _seen("audit", "test_the_owner_finds_what_she_did"),
    ),
    Mutant(
        "everybody is written to in the shop's own language",
        "shop/broadcasts/sending.py",
        "language=person.language)",
        "language=shop.default_language)",
        _seen("broadcasts", "test_what_the_owner_sends_to_everybody_is_read_by_everybody"),
    ),
    Mutant(
        "a card is known only once it is sent",
        "templates/web/cards/_fields.html",
        'hx-trigger="input changed delay:250ms"',
        'hx-trigger="never"',
        _seen("cards", "test_a_card_is_known_while_it_is_typed_and_shown_to_the_next_buyer"),
    ),
    Mutant(
        "a correction that is refused has to be typed again",
        "templates/web/customers/_profile.html",
        'value="{{ typed("wallet", "amount") }}"',
        'value=""',
        _seen("customers", "test_words_and_money_of_the_shop_reach_the_customer"),
    ),
    Mutant(
        "nobody is told of a gift",
        "shop/subscriptions/gifts.py",
        "    await enqueue(uow, chat_id=chat_id, user_id=held.user_id, message=told)\n",
        "",
        _seen("customers", "test_days_given_to_a_subscription_are_a_gift_in_the_chat"),
    ),
    Mutant(
        "a spreadsheet reads no Persian",
        "web/sheets.py",
        'MARK = "\\ufeff"',
        'MARK = ""',
        _seen("customers", "test_the_books_say_what_was_paid_and_a_spreadsheet_says_the_same"),
    ),
    Mutant(
        "a switched feature waits for the next start of the bot",
        "bot/views/screen.py",
        "    if not reader.has_tickets:\n        return contact(reader)\n",
        "",
        _seen("features", "test_the_way_to_a_human_follows_the_switches"),
    ),
    Mutant(
        "a new sale is not in the table below the chart",
        SNAPSHOT,
        '  <hx-partial hx-target="#chart-table" hx-swap="innerMorph">'
        '{% include "web/overview/_table.html" %}</hx-partial>\n',
        "",
        _seen("overview", "test_a_sale_appears_in_every_figure_and_the_open_table_stays_open"),
    ),
    Mutant(
        "keys that were switched off go on",
        SCRIPT,
        "    if (root.dataset.keys === 'off') return;\n",
        "",
        _seen("panel", "test_two_keys_lead_to_another_screen_and_one_to_its_search"),
    ),
    Mutant(
        "leaving what is not saved asks nobody",
        SCRIPT,
        "  addEventListener('beforeunload', e => { if (unsaved) e.preventDefault(); });\n",
        "",
        _seen("panel", "test_an_amount_is_set_apart_while_it_is_typed_and_leaving_unsaved_asks_first"),
    ),
    Mutant(
        "a plan that is dragged goes back",
        SCRIPT,
        "          form.elements.order.value = this.toArray().join();\n",
        "",
        _seen("plans", "test_what_the_owner_sorts_and_switches_is_what_the_bot_shows"),
    ),
    Mutant(
        "the second of two who change a plan overwrites the first",
        "shop/plans/service.py",
        '    require_same("plan", seen, mark_of(row_of(plan)))\n',
        "",
        _seen(
            "plans",
            "test_of_two_browsers_at_one_plan_the_second_sees_whose_change_it_was_and_loses_nothing",
        ),
    ),
    Mutant(
        "the list of the first steps does not know of the test purchase",
        "shop/rehearsals/queries.py",
        "        return any(one.is_delivered for one in self.attempts)\n",
        "        return False\n",
        _seen("rehearsals", "test_an_owner_tries_a_purchase_and_the_list_knows"),
    ),
    Mutant(
        "a way to pay that is switched off is open",
        "bot/handlers/buy.py",
        'is_payable = visit.features.is_on("card_to_card")',
        "is_payable = True",
        _seen("settings", "test_what_the_owner_sets_is_what_the_customer_sees"),
    ),
    Mutant(
        "there is no way back to the original words",
        "shop/texts/service.py",
        "    await _keep(uow, key, {})\n",
        "    pass\n",
        _seen("settings", "test_the_bot_greets_in_the_shops_own_words"),
    ),
    Mutant(
        "a fresh shop's owner is shown figures of nothing",
        "shop/onboarding/queries.py",
        '        return not self.is_finished and not (self._is_done("card") and self._is_done("plan"))\n',
        "        return False\n",
        _seen("start", "test_the_list_of_a_fresh_shop_leads_to_what_the_bot_sells"),
    ),
    Mutant(
        "a file of lines is not read",
        "web/routes/stock.py",
        '        file = await read_file(request, "file")\n',
        '        file = b""\n',
        _seen("stock", "test_a_held_order_is_delivered_when_the_owner_fills_the_shelf"),
    ),
    Mutant(
        "what was added is said again with every look",
        "web/routes/stock.py",
        "        send_cookies=[screen.parts.cookies.drop_notice()] if form.told else [],\n",
        "",
        _seen("stock", "test_without_javascript_the_shelf_is_filled_too"),
    ),
    Mutant(
        "letting somebody go does nothing",
        "shop/staff/team.py",
        "    if not person.is_active:\n        return\n    await sessions.end_all",
        "    return\n    await sessions.end_all",
        _seen("team", "test_a_colleague_comes_in_with_his_own_token_and_is_out_at_once"),
    ),
    Mutant(
        "a token opens more than it was made for",
        "shop/staff/sessions.py",
        "            scope=self.scope,\n",
        "            scope=None,\n",
        _seen("team", "test_a_token_opens_what_it_was_made_for_and_says_when_it_ends"),
    ),
    Mutant(
        "an answer leaves the box by the mouse alone",
        SCRIPT,
        "e.target.form.requestSubmit(); }",
        "}",
        _seen("tickets", "test_what_a_customer_asks_is_answered_on_the_page_and_read_in_his_chat"),
    ),
)

DESK = (
    Mutant(
        "a decision leads out of the part that is worked on",
        "web/routes/receipts.py",
        "    return await load_desk(uow, payment_id=following, language=screen.lang, **part.asked)\n",
        "    return await load_desk(uow, payment_id=following, language=screen.lang)\n",
        _seen("desk", "test_after_a_decision_the_next_of_the_narrowed_queue_comes"),
    ),
    Mutant(
        "the reviewer reads other words than the customer will",
        "templates/web/receipts/_reject_dialog.html",
        '<p class="bubble for-{{ loop.index }}"',
        '<p class="bubble for-{{ loop.index0 }}"',
        _seen("desk", "test_the_customer_reads_the_reason_that_the_owner_wrote"),
    ),
    Mutant(
        "two receipts beside each other do not say what is the same",
        "templates/web/receipts/compare.html",
        "{% if a and a == b %}",
        "{% if false %}",
        _seen("desk", "test_a_warning_leads_to_both_pictures_and_a_note_stands_in_the_history"),
    ),
    Mutant(
        "whoever may not approve so much is offered it",
        "templates/web/receipts/_act.html",
        "    {% if is_above %}\n",
        "    {% if false %}\n",
        _seen("desk", "test_above_his_limit_a_colleague_may_reject_and_is_told_who_approves"),
    ),
    Mutant(
        "a page that shows another receipt hears of the one before",
        "templates/web/live/_live.html",
        '"item": desk.item.payment_id if desk.item else ""',
        '"item": ""',
        _seen("live", "test_receipts_appear_by_themselves_on_every_page_and_count_in_the_title"),
    ),
    Mutant(
        "a receipt that arrives closes the dialog",
        SCRIPT,
        "    if (!isQuiet(e)) $$('dialog[open]').forEach(x => x.close());\n",
        "    $$('dialog[open]').forEach(x => x.close());\n",
        _seen("live", "test_what_is_typed_seen_and_turned_stays_while_receipts_arrive"),
    ),
    Mutant(
        "a dialog does not know who was first",
        SNAPSHOT,
        '<hx-partial hx-target=".in-dialog" hx-swap="outerMorph">{{ standing(desk.item) }}</hx-partial>',
        "",
        _seen("live", "test_a_colleague_who_looks_is_named_and_decides_first"),
    ),
    Mutant(
        "the focus is lost with the button",
        SCRIPT,
        "    if (isLive && wasAtAct && d.activeElement === d.body) $('#act')?.focus();\n",
        "",
        _seen("live", "test_where_a_focused_button_was_the_outcome_is_focused"),
    ),
    Mutant(
        "whoever went is still said to look",
        SCRIPT,
        "  addEventListener('pagehide', () => { if ($('[data-look]')) unlook(item); });\n",
        "",
        _seen("live", "test_who_goes_looks_no_longer"),
    ),
    Mutant(
        "without a stream a page stands still",
        SCRIPT,
        "    if (poll) htmx.trigger(poll, 'poll');\n",
        "",
        _seen("live", "test_a_network_that_lets_no_stream_through_is_asked_instead_and_comes_back"),
    ),
    Mutant(
        "a desk in the background stops counting",
        "templates/web/live/_live.html",
        "in_background=desk is not none",
        "in_background=false",
        _seen("live", "test_a_desk_in_the_background_counts_and_another_page_catches_up"),
    ),
    Mutant(
        "a page whose session ended stays as it was",
        "web/rendering.py",
        'return Response("", status_code=401, media_type=HTML, headers={"HX-Redirect": url, **VARY})',
        'return Response("", status_code=401, media_type=HTML, headers=VARY)',
        _seen("live", "test_a_page_whose_session_ended_asks_to_sign_in"),
    ),
    Mutant(
        "no key takes a decision back",
        "templates/web/receipts/_hold.html",
        '{% if is_last %} data-key="KeyZ"{% endif %}',
        "",
        _seen("live", "test_two_people_and_the_chat_work_one_queue_while_receipts_arrive"),
    ),
    Mutant(
        "what a colleague has open is approved without a word",
        "web/routes/receipts.py",
        "            await claims.require_free(uow, receipt)\n            is_sure",
        "            is_sure",
        _seen("live", "test_two_people_are_given_different_receipts_and_one_takes_over_what_the_other_has"),
    ),
)

KEYS = (
    Mutant(
        "a token that is to stop now goes on",
        "web/routes/tokens.py",
        '            at_once=fields.get("old") == NOW,\n',
        "            at_once=False,\n",
        _seen("keys", "test_keys_are_made_replaced_and_revoked_and_are_found_nowhere_afterwards"),
    ),
    Mutant(
        "loading the page of a new token again makes another",
        "web/routes/tokens.py",
        '                once=fields.get("once", ""),\n',
        "",
        _seen("keys", "test_the_page_with_a_new_token_loaded_again_shows_none_and_makes_none"),
    ),
    Mutant(
        "signing out everywhere leaves the other browser in",
        "web/routes/auth.py",
        "        await sessions.end_all(uow, who.staff_id)\n        await audit.record(uow, "
        '"staff.signed_out_everywhere"',
        '        await audit.record(uow, "staff.signed_out_everywhere"',
        _seen("keys", "test_signing_out_everywhere_ends_the_other_browser_too"),
    ),
    Mutant(
        "a tap in the chat is nobody's",
        "bot/handlers/sign_in.py",
        "by = query.from_user.id if is_own_chat else NOBODY",
        "by = NOBODY",
        _seen("keys", "test_a_tap_in_the_chat_lets_the_waiting_browser_in"),
    ),
    Mutant(
        "who claims another address each time is never slowed down",
        "web/peers.py",
        '    for word in reversed(",".join(forwarded).split(",")[-MOST_HOPS:]):\n',
        '    for word in ",".join(forwarded).split(",")[-MOST_HOPS:]:\n',
        _seen("keys", "test_of_a_hundred_wrong_tokens_at_once_three_workers_look_at_twenty"),
    ),
)

MUTANTS: tuple[Mutant, ...] = (*PAGES, *DESK, *KEYS)
