// One ticket on the board.

import { judge } from "./age.js";
import { make, quote } from "./element.js";
import { isDanger, isRemoval, pieces } from "./emphasis.js";

const KINDS = { change: "Changed", void: "Void", refund: "Refund", reprint: "Reprint" };

/** The whole card; `done` is called by its button. */
export function makeCard(ticket, wall, now, done) {
  const card = make("article", "ticket", [
    makeHead(ticket, wall, now),
    makeFlags(ticket, wall, now),
    makeLines(ticket),
    makeFacts(ticket),
    makeBump(ticket, done),
  ]);
  card.dataset.order = ticket.order_id;
  card.dataset.version = ticket.version;
  card.dataset.kind = isVoid(ticket) ? "void" : ticket.kind;
  card.setAttribute("aria-label", `Ticket ${ticket.order_number || ticket.order_id}`);
  showAge(card, ticket, now);
  return card;
}

export function isVoid(ticket) {
  return ticket.state === "void" || ticket.kind === "void";
}

/** Bring the running clock, its colour and its word up to date. */
export function showAge(card, ticket, now) {
  const { state, word, clock } = judge(ticket, now);
  card.dataset.age = state;
  set(card.querySelector(".clock"), clock);
  set(card.querySelector(".word"), word);
}

/** The key that bumps it, for the first nine. */
export function showKey(card, position) {
  const key = card.querySelector(".bump kbd");
  key.hidden = position > 9;
  set(key, String(position));
}

function makeHead(ticket, wall, now) {
  const where = make("div", "where", [
    ticket.fulfilment ? quote("p", "fulfilment", ticket.fulfilment) : null,
    ticket.table ? quote("p", "table", ticket.table) : null,
  ]);
  const who = make("div", "who", [
    ticket.guest ? quote("p", "guest", ticket.guest) : null,
    make("p", "times", times(ticket, wall, now)),
    progress(ticket) ? make("p", "progress", progress(ticket)) : null,
  ]);
  const age = make("p", "age", ["shape", "word", "clock"].map((part) => make("span", part)));
  return make("header", "head", [
    make("div", "row", [where, quote("p", "number", ticket.order_number || "–")]),
    make("div", "row", [who, age]),
  ]);
}

/** How far it is by the platform's own board; "" while nothing of it is done there. */
function progress({ progress: known }) {
  if (!known) return "";
  if (known.closed) return "Closed on the platform";
  const done = known.units - known.waiting;
  return done > 0 ? `${done} of ${known.units} done on the platform` : "";
}

function times(ticket, wall, now) {
  const came = wall.when(Date.parse(ticket.accepted_at), now);
  if (!ticket.due_at) return `Ordered ${came}`;
  return [make("strong", "due", `Due ${wall.when(Date.parse(ticket.due_at), now)}`)];
}

function makeFlags(ticket, wall, now) {
  const flags = make("div", "flags");
  const kind = isVoid(ticket) ? "void" : ticket.kind;
  if (KINDS[kind] || ticket.reason) {
    const word = make("strong", "", KINDS[kind] ?? "Note");
    const why = ticket.reason ? quote("span", "reason", ticket.reason) : null;
    const hint = kind === "void" && !why ? make("span", "reason", "Do not make this") : null;
    flags.append(make("p", `flag flag-${kind}`, [word, why, hint]));
  }
  if (isDangerous(ticket)) {
    flags.append(make("p", "flag flag-allergy", [make("span", "sign", "⚠"), make("strong", "", "Allergy")]));
  }
  const changes = ticket.changes ?? [];
  if (changes.length) {
    flags.append(make("ul", "changes", changes.map((change) => makeChange(change, wall, now))));
  }
  return flags;
}

function makeChange(change, wall, now) {
  const said = (value) => (change.what === "due" && value ? wall.when(Date.parse(value), now) : value);
  const item = make("li", "", [make("span", "what", change.what)]);
  item.dataset.what = change.what;
  if (change.before) item.append(quote("s", "", said(change.before)));
  if (change.before && change.after) item.append(make("span", "arrow", "→"));
  if (change.after) item.append(quote("b", "", said(change.after)));
  return item;
}

function makeLines(ticket) {
  return make("ul", "lines", (ticket.lines ?? []).map(makeLine));
}

function makeLine(line) {
  const dish = make("p", "dish", [
    make("span", line.quantity > 1 ? "quantity several" : "quantity", String(line.quantity)),
    make("span", "times-sign", " x "),
    quote("span", "name", line.name),
  ]);
  const modifiers = (line.modifiers ?? []).map((name) => {
    const modifier = quote("li", "", emphasised(name));
    modifier.dataset.way = isRemoval(name) ? "less" : "more";
    return modifier;
  });
  return make("li", "line", [
    dish,
    modifiers.length ? make("ul", "modifiers", modifiers) : null,
    line.notes ? quote("p", "notes", emphasised(line.notes)) : null,
  ]);
}

function makeFacts(ticket) {
  const facts = (ticket.facts ?? []).map((fact) =>
    make("li", "", [quote("span", "label", fact.name), quote("span", "said", emphasised(fact.value))]),
  );
  return facts.length ? make("ul", "facts", facts) : null;
}

function makeBump(ticket, done) {
  const button = make("button", "bump", [
    make("kbd", ""),
    make("span", "", isVoid(ticket) ? "Seen" : "Done"),
    quote("span", "end-of", ticket.order_number),
  ]);
  button.type = "button";
  button.addEventListener("click", () => done(ticket));
  return button;
}

function isDangerous(ticket) {
  const lines = (ticket.lines ?? []).flatMap((line) => [line.notes ?? "", ...(line.modifiers ?? [])]);
  const facts = (ticket.facts ?? []).flatMap((fact) => [fact.name, fact.value]);
  return [...lines, ...facts].some(isDanger);
}

function emphasised(text) {
  return pieces(text).map((piece) => make(piece.loud ? "mark" : "span", "", piece.text));
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
