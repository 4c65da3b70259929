// The tickets that were bumped last, to bring one back.

import { now } from "./clock.js";
import { make, quote } from "./element.js";

const LISTED = 12;

export class Recall {
  /** `bring` is called with the ticket that is wanted back. */
  constructor(wall, bring) {
    this._wall = wall;
    this._bring = bring;
    this._dialog = document.getElementById("recall");
    this._list = document.getElementById("recall-list");
    this._tickets = [];
    document.getElementById("recall-open").addEventListener("click", () => this._show());
    document.getElementById("recall-close").addEventListener("click", () => this._dialog.close());
    this._dialog.addEventListener("click", (event) => {
      if (event.target === this._dialog) this._dialog.close();
    });
  }

  get isOpen() {
    return this._dialog.open;
  }

  /** The last bumped ticket, undefined if there is none. */
  get last() {
    return this._tickets[0];
  }

  update(tickets) {
    this._tickets = tickets
      .filter((ticket) => ticket.state === "bumped")
      .sort((one, other) => Date.parse(other.bumped_at) - Date.parse(one.bumped_at))
      .slice(0, LISTED);
    if (this._dialog.open) this._fill();
  }

  close() {
    if (this._dialog.open) this._dialog.close();
  }

  _show() {
    this._fill();
    this._dialog.showModal();
  }

  _fill() {
    document.getElementById("recall-empty").hidden = this._tickets.length > 0;
    this._list.replaceChildren(...this._tickets.map((ticket) => this._entry(ticket)));
  }

  _entry(ticket) {
    const dishes = ticket.lines.map((line) => `${line.quantity} x ${line.name}`).join(", ");
    const where = [ticket.table, ticket.guest].filter(Boolean).join(" / ");
    const button = make("button", "", [
      quote("span", "number", ticket.order_number || "–"),
      quote("span", "what", [where, dishes].filter(Boolean).join(": ")),
      make("span", "when", this._wall.when(Date.parse(ticket.bumped_at), now())),
    ]);
    button.type = "button";
    button.addEventListener("click", () => {
      this._dialog.close();
      this._bring(ticket);
    });
    return make("li", "", [button]);
  }
}
