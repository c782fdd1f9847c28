// Words of the page's language, and how numbers and times are written in it.

const words = JSON.parse(document.body.dataset.words);
export const lang = document.documentElement.lang;
const locale = lang === "fa" ? "fa-IR-u-ca-persian-nu-arabext" : "en-GB";

export function say(name, value = "") {
  return words[name].replace("%s", () => value);
}

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" });
const numbers = new Intl.NumberFormat(locale);

/** `seconds` are Unix time. */
export const clockOf = (seconds) => clock.format(new Date(seconds * 1000));

export function dayOf(seconds) {
  const date = new Date(seconds * 1000);
  return date.toDateString() === new Date().toDateString() ? say("today") : day.format(date);
}

/** The digits of an identifier, without grouping. */
export const digitsOf = (value) => (lang === "fa" ? String(value).replace(/\d/g, (digit) => "۰۱۲۳۴۵۶۷۸۹"[digit]) : String(value));

export const numberOf = (value) => numbers.format(value);

export function sizeOf(bytes) {
  const [unit, size] = bytes < 1024 * 1024 ? ["kilobyte", bytes / 1024] : ["megabyte", bytes / 1048576];
  return new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: 1 }).format(size);
}
