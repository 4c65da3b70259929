// The cards on the floor: kept as long as nothing about their ticket changes.

import { isVoid, makeCard, showAge, showKey } from "./card.js";
import { now } from "./clock.js";

const SHOWN = 100; // more than any wall can hold; the rest is counted
const SETTLE = 350; // a second tap meant for the ticket that just left must not hit the next

export class Cards {
  constructor(board, wall, done) {
    this._board = board;
    this._wall = wall;
    this._done = done;
    this._entries = new Map();
    this._known = null;
    this._open = 0;
    this._left = -SETTLE;
  }

  /** Show what is not bumped, in this order. Returns what is new: "fresh", "changed", "void". */
  show(tickets) {
    const news = new Set();
    const entries = new Map();
    const open = tickets.filter((ticket) => ticket.state !== "bumped");
    for (const ticket of open.slice(0, SHOWN)) {
      entries.set(ticket.order_id, this._entry(ticket, news));
    }
    for (const [id, entry] of this._entries) {
      if (entries.get(id)?.card === entry.card) continue;
      entry.card.remove();
      if (!entries.has(id)) this._left = performance.now();
    }
    this._entries = entries;
    this._open = open.length;
    this._known = new Map(tickets.map((ticket) => [ticket.order_id, ticket.version]));
    this._place();
    return news;
  }

  tick(time) {
    for (const { card, ticket } of this._entries.values()) {
      showAge(card, ticket, time);
      card.classList.toggle("long", card.getClientRects().length > 1);
    }
  }

  /** Bump the n-th card, counted from 1. */
  press(position) {
    const entry = [...this._entries.values()][position - 1];
    if (entry) this._done(entry.ticket);
  }

  setPending(orderId, pending) {
    const card = this._entries.get(orderId)?.card;
    if (!card) return;
    if (pending) card.dataset.pending = "";
    else delete card.dataset.pending;
  }

  /** How many are open, how many of those are late, and how many are out of sight. */
  count() {
    const cards = [...this._entries.values()].map((entry) => entry.card);
    const late = cards.filter((card) => card.dataset.age === "late" && card.dataset.kind !== "void");
    const edge = this._board.getBoundingClientRect().right - 40;
    const visible = cards.filter((card) => (card.getClientRects()[0]?.left ?? 0) < edge);
    return { open: this._open, late: late.length, unseen: this._open - visible.length };
  }

  _entry(ticket, news) {
    const signature = JSON.stringify(ticket);
    const before = this._entries.get(ticket.order_id);
    if (before?.signature === signature) return before;
    const card = makeCard(ticket, this._wall, now(), (which) => this._tap(which));
    const kind = this._kindOfNews(ticket);
    if (kind) {
      news.add(kind);
      card.classList.add(kind === "fresh" ? "arrived" : "altered");
    }
    return { card, ticket, signature };
  }

  /** Nothing is news when the page opens, nor when a ticket comes back as it was. */
  _kindOfNews(ticket) {
    if (this._known === null || this._known.get(ticket.order_id) === ticket.version) return null;
    if (isVoid(ticket)) return "void";
    return this._known.has(ticket.order_id) || ticket.kind === "change" ? "changed" : "fresh";
  }

  _tap(ticket) {
    if (performance.now() - this._left < SETTLE) return;
    this._done(ticket);
  }

  _place() {
    let position = 0;
    for (const { card } of this._entries.values()) {
      const there = this._board.children[position];
      if (there !== card) this._board.insertBefore(card, there ?? null);
      position += 1;
      showKey(card, position);
    }
  }
}
