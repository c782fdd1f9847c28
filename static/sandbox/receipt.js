// A sample receipt, drawn for the order on the screen: the card and amount are those the bot offers to copy.

import { digitsOf, lang, say } from "./words.js";

const WIDTH = 540;
const HEIGHT = 760;
const INK = "#141928";
const PALE = "#6b7a78";
const FALLBACK = { amount: 2_900_000, card: "6219861900004421" };

/** What the newest message with copy buttons asks for; amounts are whole Rial. */
export function wanted(messages) {
  for (const message of [...messages].reverse()) {
    const copies = (message.reply_markup?.inline_keyboard ?? []).flat().map((key) => key.copy_text?.text ?? "");
    const card = copies.find((text) => /^\d{16}$/.test(text));
    const amount = copies.find((text) => /^\d{4,12}$/.test(text));
    if (card || amount) return { card: card ?? FALLBACK.card, amount: Number(amount ?? FALLBACK.amount) };
  }
  return FALLBACK;
}

/** A JPEG of a transfer just made. */
export async function drawReceipt({ amount, card }) {
  await document.fonts.load("600 20px Vazirmatn");
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d");
  background(pen);
  const now = new Date();
  const locale = lang === "fa" ? "fa-IR-u-ca-persian" : "en-GB";
  const money = `${new Intl.NumberFormat(locale).format(amount)} ${say("receipt_rial")}`;
  write(pen, money, WIDTH / 2, 288, "700 34px", INK, "center");
  const number = String(now.getTime()).slice(-12);
  const rows = [
    ["receipt_from", digitsOf("6037 99•• •••• 1182"), true],
    ["receipt_to", digitsOf(`${card.slice(0, 4)} ${card.slice(4, 6)}•• •••• ${card.slice(-4)}`), true],
    ["receipt_date", now.toLocaleDateString(locale, { day: "numeric", month: "long", year: "numeric" })],
    ["receipt_time", now.toLocaleTimeString(locale, { hour12: false }), true],
    ["receipt_number", digitsOf(number), true],
  ];
  rows.forEach(([name, value, plain], index) => row(pen, say(name), value, 356 + index * 68, plain));
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}

function background(pen) {
  pen.fillStyle = "#edf0f8";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  const sky = pen.createLinearGradient(0, 0, WIDTH, 250);
  sky.addColorStop(0, "#0f8378");
  sky.addColorStop(1, "#0a4560");
  pen.fillStyle = sky;
  pen.fillRect(0, 0, WIDTH, 250);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 3;
  pen.beginPath();
  pen.arc(WIDTH / 2, 92, 38, 0, Math.PI * 2);
  pen.moveTo(WIDTH / 2 - 15, 93);
  pen.lineTo(WIDTH / 2 - 4, 104);
  pen.lineTo(WIDTH / 2 + 16, 81);
  pen.stroke();
  write(pen, say("receipt_title"), WIDTH / 2, 176, "500 23px", "#fff", "center");
  pen.shadowColor = "rgba(10,69,96,.18)";
  pen.shadowBlur = 28;
  pen.shadowOffsetY = 8;
  pen.fillStyle = "#fff";
  pen.beginPath();
  pen.roundRect(26, 222, WIDTH - 52, 480, 22);
  pen.fill();
  pen.shadowColor = "transparent";
}

function row(pen, name, value, y, plain = false) {
  const [start, end] = lang === "fa" ? [WIDTH - 54, 54] : [54, WIDTH - 54];
  const [near, far] = lang === "fa" ? ["right", "left"] : ["left", "right"];
  write(pen, name, start, y, "400 20px", PALE, near);
  write(pen, value, end, y, "600 20px", INK, far, plain ? "ltr" : document.documentElement.dir);
  pen.strokeStyle = "#e0e4ec";
  pen.lineWidth = 1;
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(54, y + 34);
  pen.lineTo(WIDTH - 54, y + 34);
  pen.stroke();
  pen.setLineDash([]);
}

function write(pen, text, x, y, font, color, align, direction = document.documentElement.dir) {
  pen.font = `${font} Vazirmatn, sans-serif`;
  pen.fillStyle = color;
  pen.textAlign = align;
  pen.textBaseline = "middle";
  pen.direction = direction;
  pen.fillText(text, x, y);
}
