"""Who belongs to a chat, in the words of the Bot API."""

from __future__ import annotations

from bot.sandbox.protocol import JsonObject

STATUSES = ("creator", "administrator", "member", "left", "kicked")
_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def as_member(user: JsonObject, status: str) -> JsonObject:
    """The ChatMember object of this status."""
    member: JsonObject = {"user": user, "status": status}
    match status:
        case "creator":
            member["is_anonymous"] = False
        case "administrator":
            member |= {"can_be_edited": False, "is_anonymous": False, **dict.fromkeys(_RIGHTS, True)}
            member["can_manage_topics"] = True
        case "kicked":
            member["until_date"] = 0
        case _:
            pass
    return member
