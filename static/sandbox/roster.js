// Who is there: people and bots, and the two who are talking.

import { act } from "./api.js";
import { dress, find, make, toast } from "./dom.js";
import { digitsOf, say } from "./words.js";

const FIRST_ID = 700_100;
const SHOWN = 60; // after a load test there may be thousands; an address reaches any of them

/** `onPick` runs with `{bot, person}` when one of them is another than before. */
export class Roster {
  constructor(onPick, onBots) {
    this.bots = [];
    this.people = [];
    this.onPick = onPick;
    this.onBots = onBots;
    const address = new URLSearchParams(location.search);
    this.wish = { bot: address.get("bot"), user: Number(address.get("user")) || null };
    this.#watchForm();
  }

  get person() {
    return this.people.find((person) => person.id === this.wish.user) ?? this.people[0] ?? null;
  }

  /** The one asked for; else the first shop's, for the platform's bot sells nothing. */
  get bot() {
    const working = this.bots.filter((bot) => !bot.revoked);
    return (
      this.bots.find((bot) => bot.username === this.wish.bot) ?? working.find((bot) => !bot.master) ?? this.bots[0] ?? null
    );
  }

  async load() {
    this.people = (await act("users")).users;
    const { bots } = await act("bots", this.person ? { user_id: this.person.id } : {});
    this.bots = bots.sort((one, other) => Number(one.master) - Number(other.master));
    this.draw();
    this.onBots(this.bot);
    this.#announce();
  }

  draw() {
    fill(
      find("people"),
      this.people.filter((person, index) => index < SHOWN || person === this.person).map((person) =>
        row(person.id, nameOf(person), person.username, languageOf(person), person === this.person, () => this.#pick({ user: person.id })),
      ),
    );
    fill(
      find("bots"),
      this.bots.map((bot) => {
        const note = bot.revoked ? say("revoked") : bot.master ? say("platform_bot") : "";
        return row(bot.id, bot.first_name, bot.username, note, bot === this.bot, () => this.#pick({ bot: bot.username }));
      }),
    );
    find("no-bots").hidden = this.bots.length > 0;
  }

  async #pick(wish) {
    this.wish = { ...this.wish, ...wish };
    await this.load();
  }

  /** The choice stands in the address, so that a reload or a sent link shows the same. */
  #announce() {
    const address = new URL(location.href);
    if (this.bot) address.searchParams.set("bot", this.bot.username);
    if (this.person) address.searchParams.set("user", String(this.person.id));
    history.replaceState(null, "", address);
    const other = new URL(find("language").href);
    address.searchParams.set("lang", other.searchParams.get("lang"));
    find("language").href = address.search;
    this.onPick(this.bot, this.person);
  }

  #watchForm() {
    const dialog = find("person-dialog");
    const form = find("person-form");
    find("new-person").addEventListener("click", () => {
      form.reset();
      dialog.showModal();
    });
    form.addEventListener("submit", async () => {
      const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
      if (fields.username) fields.username = fields.username.replace(/^@/, "");
      const id = Math.max(FIRST_ID, ...this.people.map((person) => person.id)) + 1;
      try {
        await act("user", { id, ...fields });
        await this.#pick({ user: id });
      } catch {
        toast(say("failed"), "bad");
      }
    });
  }
}

export const nameOf = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ");
const languageOf = (person) => (person.language_code ?? "").toUpperCase();

/** New rows in a list; the keyboard stays where it was, and whoever was just picked is in sight. */
function fill(list, rows) {
  const [held, top, before] = [list.contains(document.activeElement), list.scrollTop, list.dataset.current];
  list.replaceChildren(...rows);
  list.scrollTop = top;
  const current = list.querySelector("[aria-pressed=true]");
  list.dataset.current = current?.dataset.id ?? "";
  if (held) current?.focus({ preventScroll: true });
  if (!current || list.dataset.current === before) return;
  const [frame, place] = [list.getBoundingClientRect(), current.getBoundingClientRect()];
  list.scrollTop += Math.max(0, place.bottom - frame.bottom) - Math.max(0, frame.top - place.top);
}

function row(id, name, username, note, current, onClick) {
  const avatar = make("span", { className: "avatar", "aria-hidden": "true" });
  dress(avatar, id, name);
  const names = make("span", { className: "names" }, make("b", {}, make("bdi", {}, name)), make("small", {}, make("bdi", {}, username ? `@${username}` : digitsOf(id))));
  const button = make("button", { type: "button", className: "row", "data-id": String(id), "aria-pressed": String(current) }, avatar, names);
  if (note) button.append(make("span", { className: "note" }, note));
  button.addEventListener("click", onClick);
  return make("li", {}, button);
}
