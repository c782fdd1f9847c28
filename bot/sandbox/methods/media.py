"""Methods that send and fetch files."""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
from collections.abc import Callable

from bot.sandbox.conversation import Draft, say
from bot.sandbox.files import FOLDERS, Attachment, FileRef, StoredFile, contents
from bot.sandbox.messages import Message
from bot.sandbox.methods.call import Call, Handler, answer, body_caption, draft, writable_chat
from bot.sandbox.params import Params, Upload
from bot.sandbox.protocol import DOWNLOAD_LIMIT, PHOTO_LIMIT, UPLOAD_LIMIT, ApiError, JsonObject, bad_request

_WRONG_ID = "wrong file identifier/HTTP URL specified"
_SIDES_LIMIT = 10_000
_RATIO_LIMIT = 20
_ALBUM = range(2, 11)
_DEFAULT_MIME = {
    "photo": "image/jpeg",
    "video": "video/mp4",
    "animation": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg",
}


def sender(kind: str) -> Callable[[Call], JsonObject]:
    """The method that sends one file of this kind."""

    def send(call: Call) -> JsonObject:
        chat = writable_chat(call)
        prepared = draft(call, chat, body_caption(call.params))
        prepared.attachment = _attachment(call, kind, call.params.text(kind), call.params.upload(kind))
        return answer(call, chat, say(call.world, call.bot, chat, prepared))

    return send


def send_media_group(call: Call) -> list[JsonObject]:
    chat = writable_chat(call)
    items = [media_item(call, item) for item in call.params.items("media")]
    if len(items) not in _ALBUM:
        raise bad_request("wrong number of media items specified: an album has 2 to 10 of them")
    kinds = {attachment.kind for attachment, _ in items}
    if not kinds <= {"photo", "video"} and len(kinds) > 1:
        raise bad_request("media of these types can't be mixed in one album")
    album = str(secrets.randbits(53))
    drafts: list[Draft] = []
    for attachment, body in items:
        prepared = draft(call, chat, body)
        prepared.attachment = attachment
        prepared.marks["media_group_id"] = album
        drafts.append(prepared)
    sent: list[Message] = [say(call.world, call.bot, chat, prepared) for prepared in drafts]
    return [answer(call, chat, message) for message in sent]


def media_item(call: Call, item: JsonObject) -> tuple[Attachment, JsonObject]:
    """One ``InputMedia``: the file and the caption it comes with."""
    kind = str(item.get("type", ""))
    if kind not in FOLDERS or kind == "voice":
        raise bad_request("can't parse InputMedia: Wrong type of the media specified")
    reference = str(item.get("media", ""))
    if not reference:
        raise bad_request("can't parse InputMedia: media not found")
    attachment = _attachment(call, kind, reference, call.params.attached(reference))
    return attachment, body_caption(Params(item, {}))


async def get_file(call: Call) -> JsonObject:
    file_id = call.params.text("file_id")
    ref, stored = find(call, file_id, "invalid file_id")
    if len(stored.content) > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    content = await asyncio.to_thread(contents, ref, stored)
    return {
        "file_id": file_id,
        "file_unique_id": ref.unique_id,
        "file_size": len(content),
        "file_path": _path(call, ref, stored, file_id),
    }


def find(call: Call, file_id: str, otherwise: str) -> tuple[FileRef, StoredFile]:
    """The file behind an id of this bot."""
    ref = call.world.files.resolve(file_id, call.bot.id)
    stored = call.world.files.get(ref.key) if ref else None
    if ref is None or stored is None:
        raise bad_request(otherwise)
    return ref, stored


def _path(call: Call, ref: FileRef, stored: StoredFile, file_id: str) -> str:
    """Where the file can be downloaded; the same file always has the same address."""
    suffix = ".jpg" if ref.kind == "photo" else _suffix(stored)
    path = f"{FOLDERS[ref.kind]}/file_{ref.unique_id}{suffix}"
    call.bot.paths[path] = file_id
    return path


def _suffix(stored: StoredFile) -> str:
    if stored.content.startswith(b"%PDF"):
        return ".pdf"
    return ".jpg" if stored.is_picture else ".bin"


def _attachment(call: Call, kind: str, reference: str, upload: Upload | None) -> Attachment:
    if upload is not None:
        return _uploaded(call, kind, upload)
    if not reference:
        raise bad_request(f"there is no {kind} in the request")
    ref, stored = find(call, reference, _WRONG_ID)
    if ref.kind != kind and (ref.kind == "photo" or kind == "photo"):
        raise bad_request(f"can't use file of type {ref.kind.title()} as {kind.title()}")
    return Attachment(kind, stored, stored.name, _DEFAULT_MIME.get(kind, stored.mime))


def _uploaded(call: Call, kind: str, upload: Upload) -> Attachment:
    size = len(upload.content)
    if size == 0:
        raise bad_request("file must be non-empty")
    if size > UPLOAD_LIMIT:
        raise ApiError(413, "Request Entity Too Large")
    if kind == "photo" and size > PHOTO_LIMIT:
        raise bad_request(
            f"file of size {size} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
        )
    guessed = mimetypes.guess_type(upload.name)[0] or upload.mime or "application/octet-stream"
    stored = call.world.files.put(upload.content, upload.name, guessed)
    if kind == "photo":
        _check_picture(stored)
    return Attachment(kind, stored, upload.name, _DEFAULT_MIME.get(kind, guessed))


def _check_picture(stored: StoredFile) -> None:
    if not stored.is_picture:
        raise bad_request("IMAGE_PROCESS_FAILED")
    short, long = sorted((stored.width, stored.height))
    if short + long > _SIDES_LIMIT or long > short * _RATIO_LIMIT:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


METHODS: dict[str, Handler] = {
    "sendPhoto": sender("photo"),
    "sendDocument": sender("document"),
    "sendVideo": sender("video"),
    "sendAudio": sender("audio"),
    "sendVoice": sender("voice"),
    "sendAnimation": sender("animation"),
    "sendMediaGroup": send_media_group,
    "getFile": get_file,
}
