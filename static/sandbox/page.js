// The chat page: two who talk, and everything between them.

import { act, base64, listen } from "./api.js";
import { Composer, stateOf } from "./composer.js";
import { alertBox, dress, find, toast } from "./dom.js";
import { takeFiles } from "./files.js";
import { Log } from "./log.js";
import { drawReceipt, wanted } from "./receipt.js";
import { nameOf, Roster } from "./roster.js";
import { say } from "./words.js";

const SHOWN = 300;
const ANSWER_PATIENCE = 15;
const TYPING_LASTS = 5000;
const ROSTER_PAUSE = 150; // bots and people are often registered many at once

let bot = null;
let person = null;
let blocked = false;
let loaded = false;
let hangUp = () => {};
let typing;
let rosterSoon;

const who = () => ({ token: bot.token, user_id: person.id });

const log = new Log({
  command: (text) => send(text),
  look: (address) => window.open(address, "_blank", "noopener"),
  press,
  pay,
});
const composer = new Composer((text) => send(text));
const roster = new Roster(meet, (fresh) => {
  if (fresh && bot && fresh.id === bot.id) bot = fresh;
});

/** Do something as the person; what goes wrong is said, and nothing is lost from the page. */
async function dare(action, fields) {
  try {
    return await act(action, { ...who(), ...fields });
  } catch (error) {
    toast(error.status === 409 && blocked ? say("blocked") : say("failed"), "bad");
    return null;
  }
}

async function send(text) {
  const reply = await dare("text", { text });
  if (reply) take(reply.message);
}

async function sendFile(action, fields) {
  const reply = await dare(action, fields);
  if (reply) take(reply.message);
}

async function press(message, data) {
  const reply = await dare("press", { message_id: message.message_id, data, wait: ANSWER_PATIENCE });
  if (!reply) return;
  if (!reply.answer) toast(say("no_answer"), "bad");
  else if (reply.answer.show_alert && reply.answer.text) alertBox(reply.answer.text);
  else if (reply.answer.text) toast(reply.answer.text);
}

async function pay(message) {
  const reply = await dare("pay", { message_id: message.message_id });
  if (reply) toast(say(reply.paid ? "pay_done" : "pay_failed"), reply.paid ? "ok" : "bad");
}

function take(message) {
  log.put(message);
  refresh();
}

/** Talk to another bot, or as another person. */
function meet(newBot, newPerson) {
  const same = bot?.token === newBot?.token && person?.id === newPerson?.id;
  [bot, person] = [newBot, newPerson];
  find("bot-name").textContent = bot?.first_name ?? "";
  find("as").textContent = person ? say("writes_as", `\u2068${nameOf(person)}\u2069`) : "";
  find("bot-description").textContent = bot?.description || say("no_description");
  dress(find("bot-avatar"), bot?.id ?? 0, bot?.first_name ?? "…");
  find("block").hidden = !bot || !person;
  refresh();
  if (same) return;
  showPane(false);
  hangUp();
  loaded = false;
  log.show([]);
  composer.setKeyboard(null);
  refresh();
  hangUp = listen(bot?.id ?? 0, person?.id ?? 0, {
    onOpen: load,
    onNews: hear,
    onLost: () => {
      find("offline").hidden = false;
    },
  });
}

/** The whole conversation anew: at the beginning, and when the line was lost meanwhile. */
async function load() {
  if (!find("offline").hidden) {
    find("offline").hidden = true;
    await roster.load();
  }
  if (!bot || !person) return;
  const asked = bot.token + person.id;
  const chat = await dare("transcript", { limit: SHOWN });
  if (!chat || asked !== bot.token + person.id) return;
  blocked = chat.blocked;
  loaded = true;
  log.show(chat.messages);
  composer.setKeyboard(chat.keyboard);
  refresh();
}

function hear(news) {
  switch (news.event) {
    case "message":
      if (news.message.from.is_bot) showTyping("");
      log.put(news.message);
      composer.setKeyboard(news.keyboard);
      break;
    case "edit":
      log.put(news.message);
      break;
    case "delete":
      log.drop(news.message_id);
      break;
    case "blocked":
      blocked = news.blocked;
      break;
    case "action":
      showTyping(news.action);
      break;
    case "roster":
      clearTimeout(rosterSoon);
      rosterSoon = setTimeout(() => roster.load(), ROSTER_PAUSE);
      break;
    case "reload":
      load();
      break;
  }
  refresh();
}

function showTyping(action) {
  clearTimeout(typing);
  const words = { typing: "typing", upload_photo: "sending_photo", upload_document: "sending_file" };
  find("bot-state").textContent = action ? say(words[action] ?? "typing") : stateOf(bot, blocked);
  find("bot-state").classList.toggle("busy", Boolean(action));
  if (action) typing = setTimeout(() => showTyping(""), TYPING_LASTS);
}

function refresh() {
  // Until the conversation is here, nobody knows whether it has begun: neither "Start" nor the line.
  const empty = loaded && log.messages.size === 0;
  composer.set({ bot: person && loaded ? bot : null, empty, blocked });
  find("empty").hidden = !empty || !bot;
  const name = say(blocked ? "unblock" : "block");
  find("block").setAttribute("aria-pressed", String(blocked));
  find("block").setAttribute("aria-label", name);
  find("block").title = name;
  if (!find("bot-state").classList.contains("busy")) find("bot-state").textContent = stateOf(bot, blocked);
}

function showPane(open) {
  find("pane").classList.toggle("open", open);
  find("scrim").hidden = !open;
  find("open-pane").setAttribute("aria-expanded", String(open));
  if (open) find("close-pane").focus();
}

function changeTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `sandbox_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
}

find("open-pane").addEventListener("click", () => showPane(true));
find("close-pane").addEventListener("click", () => showPane(false));
find("scrim").addEventListener("click", () => showPane(false));
find("theme").addEventListener("click", changeTheme);
document.addEventListener("keydown", (event) => event.key === "Escape" && showPane(false));
find("block").addEventListener("click", () => dare(blocked ? "unblock" : "block", {}));
find("unblock").addEventListener("click", () => dare("unblock", {}));
find("sample").addEventListener("click", async ({ currentTarget: button }) => {
  button.disabled = true; // drawing takes a moment, and a second press would be a second receipt
  try {
    const picture = await drawReceipt(wanted(log.all));
    await sendFile("photo", { data: await base64(picture) });
  } finally {
    button.disabled = false;
  }
});
takeFiles(sendFile);
roster.load();
