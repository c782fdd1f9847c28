"""Methods about the bot itself: who it is, its commands, its names, the bots it manages."""

from __future__ import annotations

import json
import re
import secrets

from bot.sandbox.conversation import tell_roster
from bot.sandbox.methods.call import Call, Handler, known_chat
from bot.sandbox.protocol import JsonObject, bad_request
from bot.sandbox.state import BotAccount

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_COMMANDS = 100
_DESCRIPTION_LIMIT = 256
_TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}
_MENU_BUTTONS = ("default", "commands", "web_app")


def get_me(call: Call) -> JsonObject:
    bot = call.bot
    return bot.as_user() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": bot.has_topics,
        "allows_users_to_create_topics": False,
        "can_manage_bots": bot.is_master,
    }


def set_my_commands(call: Call) -> bool:
    commands = []
    for command in call.params.items("commands"):
        if not isinstance(command, dict) or not _COMMAND.fullmatch(str(command.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        description = str(command.get("description", "")).strip()
        if not 1 <= len(description) <= _DESCRIPTION_LIMIT:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        commands.append({"command": command["command"], "description": description})
    if len(commands) > _COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    call.bot.commands[_scope(call)] = commands
    tell_roster(call.world)
    return True


def get_my_commands(call: Call) -> list[JsonObject]:
    return call.bot.commands.get(_scope(call), [])


def delete_my_commands(call: Call) -> bool:
    call.bot.commands.pop(_scope(call), None)
    tell_roster(call.world)
    return True


def commands_for(bot: BotAccount, user_id: int, language: str) -> list[JsonObject]:
    """What a person sees in the menu: the narrowest list there is, in their language before any."""
    for scope in (
        {"type": "chat", "chat_id": user_id},
        {"type": "all_private_chats"},
        {"type": "default"},
    ):
        for wanted in (language, ""):
            commands = bot.commands.get((_scope_key(scope), wanted))
            if commands:
                return commands
    return []


def _scope(call: Call) -> tuple[str, str]:
    scope = call.params.record("scope") or {"type": "default"}
    return _scope_key(scope), call.params.text("language_code")


def _scope_key(scope: JsonObject) -> str:
    return json.dumps({name: str(value) for name, value in scope.items()}, sort_keys=True)


def _setter(kind: str) -> Handler:
    def set_text(call: Call) -> bool:
        text = call.params.text(kind).strip()
        if len(text) > _TEXT_LIMITS[kind]:
            raise bad_request(f"bot {kind.replace('_', ' ')} is too long")
        language = call.params.text("language_code")
        call.bot.profile[kind, language] = text
        if kind == "name" and not language and text:
            call.bot.name = text
        tell_roster(call.world)
        return True

    return set_text


def _getter(kind: str) -> Handler:
    def get_text(call: Call) -> JsonObject:
        profile = call.bot.profile
        usual = call.bot.name if kind == "name" else ""
        text = profile.get((kind, call.params.text("language_code"))) or profile.get((kind, "")) or usual
        return {kind: text}

    return get_text


def set_chat_menu_button(call: Call) -> bool:
    button = call.params.record("menu_button") or {"type": "default"}
    if button.get("type") not in _MENU_BUTTONS:
        raise bad_request("can't parse MenuButton: unsupported menu button type")
    if call.params.has("chat_id"):
        known_chat(call).menu_button = button
    else:
        call.bot.menu_button = button
    return True


def get_chat_menu_button(call: Call) -> JsonObject:
    own = known_chat(call).menu_button if call.params.has("chat_id") else None
    return own or call.bot.menu_button


def get_managed_bot_token(call: Call) -> str:
    return _managed(call).token


def replace_managed_bot_token(call: Call) -> str:
    """From now on the old token is unknown."""
    bot = _managed(call)
    bot.token = f"{bot.id}:{secrets.token_urlsafe(26)}"
    return bot.token


def log_out(_call: Call) -> bool:
    """Also ``close``: the sandbox has no other servers to move to."""
    return True


def _managed(call: Call) -> BotAccount:
    bot = call.world.bots.get(call.params.integer("user_id"))
    if bot is None or bot.manager_id != call.bot.id:
        raise bad_request("bot not found")
    return bot


METHODS: dict[str, Handler] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name"),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "getManagedBotToken": get_managed_bot_token,
    "replaceManagedBotToken": replace_managed_bot_token,
    "logOut": log_out,
    "close": log_out,
}
