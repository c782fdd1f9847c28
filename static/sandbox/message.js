// One message as a bubble.

import { inlineKeyboard } from "./buttons.js";
import { icon, make } from "./dom.js";
import { rich } from "./text.js";
import { clockOf, numberOf, say, sizeOf } from "./words.js";

const FILE_KINDS = ["document", "video", "audio", "voice", "animation"];
const PHOTO_WIDTH = 300;
const PHOTO_HEIGHT = 340;

/** `deeds` carries what the reader does with it: `press`, `pay`, `command`, `look`. */
export function bubbleOf(message, deeds) {
  const service = serviceText(message);
  if (service) return make("li", { className: "service", data: mark(message) }, make("span", { dir: "auto" }, service));
  const mine = !message.from.is_bot;
  const body = make("div", { className: "bubble" });
  if (message.reply_to_message) body.append(quoted(message.reply_to_message));
  const media = mediaOf(message, deeds);
  if (media) body.append(media);
  const text = message.text ?? message.caption;
  if (text) {
    const entities = message.entities ?? message.caption_entities;
    body.append(make("div", { className: "text" }, rich(text, entities, deeds.command)));
  }
  if (message.invoice) body.append(invoiceOf(message.invoice));
  body.append(footOf(message));
  body.classList.toggle("pictured", Boolean(message.photo));
  body.classList.toggle("bare", Boolean(message.photo) && !text);
  const item = make("li", { className: mine ? "m me" : "m", data: mark(message) }, body);
  if (message.reply_markup) {
    item.append(
      inlineKeyboard(message.reply_markup, {
        press: (data) => deeds.press(message, data),
        pay: () => deeds.pay(message),
      }),
    );
  }
  return item;
}

const mark = (message) => ({ id: String(message.message_id) });

function serviceText(message) {
  if (message.forum_topic_created) return say("topic", message.forum_topic_created.name);
  if (message.successful_payment) {
    const { total_amount: amount, currency } = message.successful_payment;
    return say("payment", `${numberOf(amount)} ${currency}`);
  }
  return "";
}

function footOf(message) {
  const time = make("time", { dateTime: new Date(message.date * 1000).toISOString() }, clockOf(message.date));
  const edited = message.edit_date ? make("span", {}, say("edited")) : null;
  return make("small", { className: "foot" }, edited, time);
}

function quoted(target) {
  const words = target.text ?? target.caption ?? say(target.photo ? "photo" : "file");
  return make("div", { className: "quoted" }, make("b", { dir: "auto" }, target.from.first_name), make("span", { dir: "auto" }, words));
}

function mediaOf(message, deeds) {
  if (message.photo) return photoOf(message.photo, deeds);
  const kind = FILE_KINDS.find((name) => message[name]);
  if (!kind) return null;
  const file = message[kind];
  if (file.mime_type === "image/jpeg" || file.mime_type === "image/png") return fileOf(file, "file", true);
  return fileOf(file, "file", false);
}

function photoOf(sizes, deeds) {
  const full = sizes.at(-1);
  const shown = sizes.find((size) => size.width >= 600 || size.height >= 800) ?? full;
  const scale = Math.min(1, PHOTO_WIDTH / full.width, PHOTO_HEIGHT / full.height);
  const picture = make("img", {
    src: `/_page/media/${shown.file_unique_id}`,
    alt: say("photo"),
    width: Math.max(120, Math.round(full.width * scale)),
    height: Math.max(90, Math.round(full.height * scale)),
  });
  const button = make("button", { type: "button", className: "photo", "aria-label": say("photo") }, picture);
  button.addEventListener("click", () => deeds.look(`/_page/media/${full.file_unique_id}`));
  return button;
}

function fileOf(file, symbol, picture) {
  const sign = make("span", { className: "file-sign" });
  const address = `/_page/media/${file.file_unique_id}`;
  sign.append(picture ? make("img", { src: address, alt: "", width: 44, height: 44 }) : icon(symbol));
  const name = make("b", { dir: "auto" }, file.file_name ?? say("file"));
  const size = make("small", {}, sizeOf(file.file_size ?? 0));
  return make("a", { className: "file", href: address, download: file.file_name ?? "" }, sign, make("span", {}, name, size));
}

function invoiceOf(invoice) {
  return make(
    "div",
    { className: "invoice" },
    make("b", { dir: "auto" }, invoice.title),
    make("p", { dir: "auto" }, invoice.description),
    make("strong", {}, `${numberOf(invoice.total_amount)} ${invoice.currency}`),
  );
}
