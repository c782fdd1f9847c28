// Text with entities as DOM nodes. Nothing that somebody wrote is ever read as markup.

import { copy, make } from "./dom.js";
import { say } from "./words.js";

const SAFE_LINK = /^(https?|tg|mailto|tel):/i;
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s" };

/** `entities` are those of the Bot API: offsets count UTF-16 units, as JavaScript's strings do. */
export function rich(text, entities = [], onCommand = () => {}) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return span(text, sorted, 0, text.length, onCommand);
}

function span(text, entities, from, to, onCommand) {
  const nodes = document.createDocumentFragment();
  let at = from;
  let rest = entities.filter((entity) => entity.offset < to && entity.offset + entity.length > from);
  while (rest.length) {
    const [entity] = rest;
    const first = Math.max(entity.offset, at);
    const last = Math.min(entity.offset + entity.length, to);
    if (first > at) nodes.append(text.slice(at, first));
    const inside = rest.slice(1).filter((other) => other.offset < last);
    const content = span(text, inside, first, last, onCommand);
    nodes.append(wrap(entity, content, text.slice(first, last), onCommand));
    at = last;
    rest = rest.slice(1).filter((other) => other.offset + other.length > last);
  }
  if (at < to) nodes.append(text.slice(at, to));
  return nodes;
}

function wrap(entity, content, words, onCommand) {
  switch (entity.type) {
    case "bold":
    case "italic":
    case "underline":
    case "strikethrough":
      return make(TAGS[entity.type], {}, content);
    case "spoiler":
      return spoiler(content);
    case "code":
    case "pre":
      return code(entity, content, words);
    case "blockquote":
      return make("blockquote", { dir: "auto" }, content);
    case "expandable_blockquote":
      return folded(content);
    case "text_link":
      return link(entity.url, content);
    case "url":
      return link(/^[a-z][a-z0-9+.-]*:/i.test(words) ? words : `https://${words}`, content);
    case "email":
      return link(`mailto:${words}`, content);
    case "bot_command": {
      // A span, not a button: a button would hide its letters from the line that looks for its direction.
      return pressable(make("span", { className: "command" }, content), () => onCommand(words));
    }
    case "mention":
    case "hashtag":
    case "cashtag":
    case "text_mention":
      return make("span", { className: "accent" }, content);
    default:
      return content;
  }
}

function link(url, content) {
  if (!SAFE_LINK.test(url)) return make("span", { className: "accent" }, content);
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, content);
}

function code(entity, content, words) {
  return pressable(make(entity.type === "pre" ? "pre" : "code", {}, content), () => copy(words));
}

function pressable(element, deed) {
  element.tabIndex = 0;
  element.setAttribute("role", "button");
  element.addEventListener("click", deed);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    deed();
  });
  return element;
}

function spoiler(content) {
  const element = make("span", { className: "spoiler", "aria-pressed": "false" }, content);
  return pressable(element, () => element.setAttribute("aria-pressed", "true"));
}

function folded(content) {
  const body = make("div", { className: "folded" }, content);
  const toggle = make("button", { type: "button", className: "more", "aria-expanded": "false" }, say("more"));
  toggle.addEventListener("click", () => {
    const open = body.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
    toggle.textContent = say(open ? "less" : "more");
  });
  return make("blockquote", { className: "expandable", dir: "auto" }, body, toggle);
}
