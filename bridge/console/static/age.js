// How long a ticket has waited, and what that means. Pure: times in milliseconds.

export const CAUTION = 5 * 60_000;
export const LATE = 10 * 60_000;

/**
 * An order for now is judged by its age, an order for later by the time it was promised for.
 * Returns {state, word, clock}: the word says the same as the colour.
 */
export function judge(ticket, now) {
  const due = ticket.due_at ? Date.parse(ticket.due_at) : NaN;
  if (!Number.isNaN(due)) return judgePromise(due - now);
  const age = Math.max(0, now - Date.parse(ticket.accepted_at));
  const state = age >= LATE ? "late" : age >= CAUTION ? "caution" : "fresh";
  return { state, word: WORDS[state], clock: span(age) };
}

const WORDS = { fresh: "On time", caution: "Hurry", late: "Late" };

function judgePromise(left) {
  if (left < 0) return { state: "late", word: WORDS.late, clock: `+${span(-left)}` };
  const state = left <= CAUTION ? "caution" : "fresh";
  return { state, word: WORDS[state], clock: `in ${span(left)}` };
}

/** 65 s is "1:05", from an hour on "1 h 05". */
export function span(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)}`;
}

function two(number) {
  return String(number).padStart(2, "0");
}
