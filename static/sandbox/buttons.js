// Keyboards: those under a message, and the one in place of the person's own.

import { copy, icon, make, toast } from "./dom.js";
import { say } from "./words.js";

/** `deeds` has `press(button, data)` and `pay(button)`, which carry a press to the bot. */
export function inlineKeyboard(markup, deeds) {
  const rows = markup.inline_keyboard.map((row) =>
    make("div", { className: "keys-row" }, ...row.map((key) => inlineKey(key, deeds))),
  );
  return make("div", { className: "keys" }, ...rows);
}

function inlineKey(key, deeds) {
  const look = `key ${key.style ?? ""}`;
  if (key.url) {
    const target = { href: key.url, target: "_blank", rel: "noopener noreferrer", className: look };
    const safe = /^(https?|tg|mailto|tel):/i.test(key.url) ? target : { className: look };
    return make("a", safe, label(key), icon("link", "mark"));
  }
  const button = make("button", { type: "button", className: look }, label(key));
  if (key.copy_text) {
    button.append(icon("copy", "mark"));
    button.addEventListener("click", () => copy(key.copy_text.text));
  } else if (key.callback_data) {
    button.addEventListener("click", () => busyWhile(button, deeds.press(key.callback_data)));
  } else if (key.pay) {
    button.addEventListener("click", () => busyWhile(button, deeds.pay()));
  } else {
    button.addEventListener("click", () => toast(say(key.web_app ? "no_app" : "not_here")));
  }
  return button;
}

/** The button turns until the bot has answered; a second press meanwhile is not sent. */
async function busyWhile(button, work) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    await work;
  } finally {
    button.ariaBusy = null;
  }
}

export function replyKeyboard(markup, onText) {
  return (markup.keyboard ?? []).map((row) =>
    make(
      "div",
      { className: "keys-row" },
      ...row.map((key) => {
        const button = make("button", { type: "button", className: `key ${key.style ?? ""}` }, label(key));
        const special = Object.keys(key).some((name) => name.startsWith("request_") || name === "web_app");
        button.addEventListener("click", () => (special ? toast(say("not_here")) : onText(key.text)));
        return button;
      }),
    ),
  );
}

const label = (key) => make("span", { className: "key-text", dir: "auto" }, key.text);
