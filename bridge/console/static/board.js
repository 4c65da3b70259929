// The kitchen board: shows what the server says, sends what the cook presses.

import { span } from "./age.js";
import { Cards } from "./cards.js";
import { adjust, now, WallClock } from "./clock.js";
import { make } from "./element.js";
import { Live } from "./live.js";
import { Recall } from "./recall.js";
import { setUpSize, setUpTheme } from "./settings.js";
import { play, setUpSound } from "./sound.js";

const { restaurant, timezone, build } = document.body.dataset;
const address = `/api/v1/kitchen/${encodeURIComponent(restaurant)}`;
const wall = new WallClock(timezone);
const find = (id) => document.getElementById(id);
const GRACE = 2000; // a link that is back this soon was never away

const began = performance.now();
let refused = false;
let toastTimer = 0;

const cards = new Cards(find("board"), wall, (ticket) => send(ticket, "bump"));
const recall = new Recall(wall, (ticket) => send(ticket, "recall"));
const live = new Live(`${address}/stream`, {
  tickets: showTickets,
  alive: (message) => adjust(message.now),
  down: tick,
  refused: () => {
    refused = true;
    tick();
  },
});
function showTickets(message) {
  adjust(message.now);
  if (isOutdated(message.build)) return;
  refused = false;
  const news = cards.show(message.tickets);
  recall.update(message.tickets);
  const loudest = ["void", "changed", "fresh"].find((kind) => news.has(kind));
  if (loudest) play(loudest);
  tick();
}

/** After an update of the server a screen on the wall reloads itself, once. */
function isOutdated(newest) {
  if (newest === build || sessionStorage.getItem("board.build") === newest) return false;
  sessionStorage.setItem("board.build", newest);
  location.reload();
  return true;
}

async function send(ticket, action) {
  const name = ticket.order_number ? `#${ticket.order_number}` : "Ticket";
  cards.setPending(ticket.order_id, true);
  let answer;
  try {
    answer = await fetch(`${address}/tickets/${encodeURIComponent(ticket.order_id)}/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ version: ticket.version }),
    });
  } catch {
    toast(`${name}: no contact, not saved. Press again.`, "bad");
    cards.setPending(ticket.order_id, false);
    return;
  }
  if (!answer.ok) cards.setPending(ticket.order_id, false);
  if (answer.status === 409) toast(`${name} has changed: look at it again.`, "bad");
  else if (!answer.ok) toast(`${name}: not saved (${answer.status}). Press again.`, "bad");
  else toast(action === "bump" ? `${name} done. R brings it back.` : `${name} is back.`);
}

function toast(text, kind = "good") {
  const element = find("toast");
  element.textContent = text;
  element.dataset.kind = kind;
  element.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    element.hidden = true;
  }, 5000);
}

/** Everything that changes with the clock alone. */
function tick() {
  cards.tick(now());
  find("wall-clock").textContent = wall.time(now());
  showCount();
  showLink();
}

function showCount() {
  const { open, late, unseen } = cards.count();
  const text = open === 1 ? "1 open" : `${open} open`;
  find("count").replaceChildren(text, late ? make("span", "late", `${late} late`) : "");
  find("unseen").hidden = unseen === 0;
  find("unseen").textContent = `${unseen} more →`;
  find("clear").hidden = open > 0 || live.heard === null;
  const last = recall.last;
  if (last) find("clear-text").textContent = `Last ticket done at ${wall.when(Date.parse(last.bumped_at), now())}.`;
}

function showLink() {
  const silence = live.silence;
  const away = live.up ? 0 : (silence ?? performance.now() - began);
  const lost = refused || away > GRACE;
  find("link").dataset.state = live.up ? "up" : lost ? "down" : "waiting";
  find("link-word").textContent = live.up ? "Live" : lost ? "Offline" : "Connecting";
  find("offline").hidden = !lost;
  if (!lost) return;
  recall.close(); // nothing may lie over the banner
  find("offline-title").textContent = refused ? "Not let in" : "Offline";
  find("offline-text").textContent = refused
    ? "This screen's permission has ended: open it again with its token."
    : `${lastContact(silence)} New orders do not show here.`;
}

function lastContact(silence) {
  if (silence === null) return "No contact with the bridge yet.";
  return `Last contact ${span(silence)} ago (${wall.time(now() - silence)}).`;
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || recall.isOpen) return;
  if (/^[1-9]$/.test(event.key)) cards.press(Number(event.key));
  else if (event.key.toLowerCase() === "r" && recall.last) send(recall.last, "recall");
  else return;
  event.preventDefault();
});
addEventListener("resize", tick);
find("board").addEventListener("scroll", showCount, { passive: true });

setUpTheme(find("theme"));
setUpSize(find("size"), tick);
setUpSound(find("sound"));
setInterval(tick, 1000);
live.start();
tick();
