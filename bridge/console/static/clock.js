// The server's clock: a tablet's own is often wrong by minutes.

let offset = 0;

/** Take over the server's time from a message. */
export function adjust(serverTime) {
  const time = Date.parse(serverTime);
  if (!Number.isNaN(time)) offset = time - Date.now();
}

export function now() {
  return Date.now() + offset;
}

/** Times of day and dates as the restaurant's own clock shows them. */
export class WallClock {
  constructor(timeZone) {
    this._time = formatter({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, timeZone);
    this._day = formatter({ weekday: "short", day: "numeric", month: "short" }, timeZone);
  }

  time(moment) {
    return this._time.format(moment);
  }

  /** With the day, unless it is today. */
  when(moment, today) {
    const day = this._day.format(moment);
    const time = this.time(moment);
    return day === this._day.format(today) ? time : `${day}, ${time}`;
  }
}

function formatter(options, timeZone) {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: timeZone || undefined });
  } catch {
    // A browser older than the zone's name: better its own time than no tickets.
    return new Intl.DateTimeFormat("en-GB", options);
  }
}
