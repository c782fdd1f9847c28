// Where the person writes: text, commands, the bot's keyboard.

import { replyKeyboard } from "./buttons.js";
import { find, make } from "./dom.js";
import { say } from "./words.js";

export class Composer {
  /** `send(text)` sends what was written. */
  constructor(send) {
    this.send = send;
    this.text = find("text");
    this.hint = this.text.placeholder;
    this.commands = [];
    find("line").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#submit();
      }
      if (event.key === "Escape") this.#showCommands(false);
    });
    this.text.addEventListener("input", () => {
      this.#grow();
      this.#showCommands(this.text.value.startsWith("/") && !this.text.value.includes(" "), this.text.value.slice(1));
    });
    find("menu").addEventListener("click", () => this.#showCommands(find("commands").hidden));
    find("keys").addEventListener("click", () => this.#showKeyboard(find("keyboard").hidden));
    find("start").addEventListener("click", () => this.send("/start"));
  }

  /** The person, the bot or what may be done has changed. */
  set({ bot, empty, blocked }) {
    this.commands = bot?.commands ?? [];
    const usable = Boolean(bot) && !bot.revoked;
    find("menu").hidden = this.commands.length === 0;
    find("start").hidden = !usable || !empty || blocked;
    find("unblock").hidden = !usable || !blocked;
    find("line").hidden = !usable || empty || blocked;
    find("chips").hidden = !usable || empty || blocked;
    if (!usable || empty || blocked) this.#showCommands(false);
  }

  /** The keyboard the bot has put in place of the person's own. */
  setKeyboard(markup) {
    find("keyboard").replaceChildren(...(markup ? replyKeyboard(markup, this.send) : []));
    find("keys").hidden = !markup?.keyboard;
    this.text.placeholder = markup?.input_field_placeholder ?? this.hint;
    this.#showKeyboard(Boolean(markup?.keyboard));
    if (markup?.force_reply) this.text.focus();
  }

  #submit() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    this.#grow();
    this.#showCommands(false);
    this.send(text);
  }

  #grow() {
    this.text.rows = Math.min(6, this.text.value.split("\n").length);
  }

  #showKeyboard(open) {
    find("keyboard").hidden = !open;
    find("keys").setAttribute("aria-pressed", String(open));
  }

  #showCommands(open, begin = "") {
    const fitting = this.commands.filter(({ command }) => command.startsWith(begin));
    const list = find("commands");
    list.replaceChildren(
      ...fitting.map(({ command, description }) => {
        const button = make("button", { type: "button" }, make("b", { dir: "ltr" }, `/${command}`), make("span", { dir: "auto" }, description));
        button.addEventListener("click", () => {
          this.text.value = "";
          this.#showCommands(false);
          this.send(`/${command}`);
        });
        return make("li", {}, button);
      }),
    );
    list.hidden = !open || fitting.length === 0;
    find("menu").setAttribute("aria-expanded", String(!list.hidden));
  }
}

export const stateOf = (bot, blocked) => {
  if (!bot) return say("no_bot");
  if (bot.revoked) return say("revoked");
  return blocked ? say("blocked") : say("bot");
};
