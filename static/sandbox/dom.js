// Small things every part of the page needs.

import { say } from "./words.js";

export const find = (id) => document.getElementById(id);

/** An element with properties and children; text children are text, never markup. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(element.dataset, value);
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name, extra = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `i ${extra}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/sandbox/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

const COLORS = 7;

/** A round sign with the first letter; the colour belongs to the id and stays. */
export function dress(avatar, id, name) {
  avatar.textContent = [...(name || "?").trim()][0] ?? "?";
  avatar.dataset.color = String((Math.imul(id, 2654435761) >>> 16) % COLORS);
}

export function toast(text, kind = "") {
  const note = make("div", { className: `toast ${kind}`, dir: "auto" }, text);
  find("toasts").append(note);
  setTimeout(() => note.remove(), Math.max(2500, text.length * 70));
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(say("copied"), "ok");
  } catch {
    const area = make("textarea", { value: text, className: "sr", readOnly: true });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy"); // the only way on addresses without a secure context
    area.remove();
    toast(say(done ? "copied" : "copy_failed"), done ? "ok" : "bad");
  }
}

/** An answer that wants to be read and closed. */
export function alertBox(text) {
  find("alert-text").textContent = text;
  find("alert-dialog").showModal();
}

for (const dialog of document.querySelectorAll("dialog.sheet")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}
