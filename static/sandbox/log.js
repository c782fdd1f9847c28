// The conversation: messages in order, days between them, always at the newest unless the reader looks back.

import { find, make } from "./dom.js";
import { bubbleOf } from "./message.js";
import { dayOf } from "./words.js";

const NEAR = 120;

export class Log {
  constructor(deeds) {
    this.deeds = deeds;
    this.messages = new Map();
    this.list = find("messages");
    this.view = find("log");
    this.view.addEventListener("scroll", () => this.#showWay(), { passive: true });
    find("down").addEventListener("click", () => this.#down("smooth"));
    new ResizeObserver(() => this.near && this.#down()).observe(this.view);
    this.near = true;
  }

  get all() {
    return [...this.messages.values()];
  }

  show(messages) {
    this.messages = new Map(messages.map((message) => [message.message_id, message]));
    this.#draw();
    this.#down();
  }

  /** A new message, or a new version of one that is here. */
  put(message) {
    const before = this.messages.get(message.message_id);
    if (before && JSON.stringify(before) === JSON.stringify(message)) return;
    const near = this.near || !message.from.is_bot;
    this.messages.set(message.message_id, message);
    if (before) {
      this.list.querySelector(`[data-id="${message.message_id}"]`)?.replaceWith(bubbleOf(message, this.deeds));
    } else {
      this.#append(message, this.all.at(-2));
    }
    if (near) this.#down();
    else this.#showWay();
  }

  drop(id) {
    this.messages.delete(id);
    this.#draw();
  }

  #draw() {
    this.list.replaceChildren();
    let last;
    for (const message of this.messages.values()) {
      this.#append(message, last);
      last = message;
    }
  }

  #append(message, last) {
    const day = dayOf(message.date);
    if (!last || dayOf(last.date) !== day) {
      this.list.append(make("li", { className: "service day" }, make("span", {}, day)));
    }
    const bubble = bubbleOf(message, this.deeds);
    bubble.classList.toggle("follows", Boolean(last) && last.from.id === message.from.id);
    this.list.append(bubble);
  }

  #down(behavior = "auto") {
    this.view.scrollTo({ top: this.view.scrollHeight, behavior });
    this.near = true;
    this.#showWay();
  }

  #showWay() {
    this.near = this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < NEAR;
    find("down").hidden = this.near;
  }
}
