// The link to the server: tickets as they change, loud when it is lost, back by itself.

const SILENCE = 12_000; // the server says something every 5 s
const ATTEMPT = 5_000;

export class Live {
  /** handlers: tickets(message), alive(message), down(), refused() */
  constructor(address, handlers) {
    this._address = address;
    this._handlers = handlers;
    this._source = null;
    this._retry = 0;
    this._began = 0;
    this.heard = null; // performance.now() of the last contact
    this.up = false;
  }

  start() {
    this._open();
    setInterval(() => this._watch(), 1000);
    addEventListener("online", () => this._again(0));
    addEventListener("pageshow", (event) => event.persisted && this._again(0));
  }

  /** Milliseconds since the server was last heard; null if never. */
  get silence() {
    return this.heard === null ? null : performance.now() - this.heard;
  }

  _open() {
    clearTimeout(this._retry);
    this._retry = 0;
    this._source?.close();
    const source = new EventSource(this._address);
    this._source = source;
    this._began = performance.now();
    source.addEventListener("tickets", (event) => this._hear(source, "tickets", event.data));
    source.addEventListener("alive", (event) => this._hear(source, "alive", event.data));
    source.addEventListener("error", () => this._lose(source));
  }

  _hear(source, kind, data) {
    if (source !== this._source) return;
    this.heard = performance.now();
    this.up = true;
    this._handlers[kind](JSON.parse(data));
  }

  _lose(source) {
    if (source !== this._source) return;
    this._again(1000 + Math.random() * 1500);
    this._ask();
  }

  _again(wait) {
    this._source?.close();
    this._source = null;
    if (this.up) {
      this.up = false;
      this._handlers.down();
    }
    clearTimeout(this._retry);
    this._retry = setTimeout(() => this._open(), wait);
  }

  /** A lost Wi-Fi closes nothing: silence is the only sign. */
  _watch() {
    if (!this._source) return;
    const quiet = this.up ? this.silence > SILENCE : performance.now() - this._began > ATTEMPT;
    if (quiet) this._again(0);
  }

  /** An event stream does not tell why it was refused; the tickets' address does. */
  async _ask() {
    try {
      const answer = await fetch(this._address.replace(/stream$/, "tickets"), { method: "HEAD" });
      if (answer.status === 401) this._handlers.refused();
    } catch {
      // Not reachable: the banner says so already.
    }
  }
}
