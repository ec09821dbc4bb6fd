/** Dates and times in the reader's own zone, as Slack writes them. */

import { me } from "./store.js";

const DAY = 86400;

/** Formats a moment in the reader's zone. */
function format(seconds, options) {
  return new Intl.DateTimeFormat("en-US", { timeZone: me().tz, ...options }).format(new Date(seconds * 1000));
}

/** The day of a moment, to tell days apart: 2026-11-22. */
export function dayOf(seconds) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: me().tz, dateStyle: "short" }).format(new Date(seconds * 1000));
}

/** `Today`, `Yesterday`, or a weekday and date. */
export function dayName(seconds) {
  const nearby = near(seconds);
  if (nearby) return nearby[0].toUpperCase() + nearby.slice(1);
  return format(seconds, { weekday: "long", month: "long", day: "numeric" });
}

/** 9:41 AM */
export function timeOf(seconds) {
  return format(seconds, { hour: "numeric", minute: "2-digit" });
}

/** 9:41:07.123, for the wire. */
export function exactTime(seconds) {
  return format(seconds, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", fractionalSecondDigits: 3 });
}

/** All of it, with the zone. */
export function fullTime(seconds) {
  return format(seconds, { dateStyle: "full", timeStyle: "long" });
}

/** `5 minutes ago`, `in 2 hours` */
export function ago(seconds) {
  const passed = seconds - Date.now() / 1000;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, length] of [["day", DAY], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(passed) >= length) return words.format(Math.round(passed / length), unit);
  }
  return words.format(Math.round(passed), "second");
}

/** today, yesterday, tomorrow, or nothing. */
function near(seconds) {
  const now = Date.now() / 1000;
  const days = { today: now, yesterday: now - DAY, tomorrow: now + DAY };
  return Object.keys(days).find((name) => dayOf(days[name]) === dayOf(seconds));
}

const TOKENS = {
  date_num: (at) => dayOf(at),
  date: (at) => format(at, { dateStyle: "long" }),
  date_short: (at) => format(at, { dateStyle: "medium" }),
  date_long: (at) => format(at, { dateStyle: "full" }),
  date_pretty: (at) => near(at) ?? TOKENS.date(at),
  date_short_pretty: (at) => near(at) ?? TOKENS.date_short(at),
  date_long_pretty: (at) => near(at) ?? TOKENS.date_long(at),
  time: (at) => timeOf(at),
  time_secs: (at) => format(at, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (at) => ago(at),
};

/**
 * Writes a date as `<!date^…>` asks for.
 * @param {number} seconds Since 1970.
 * @param {string} pattern Such as `{date_short_pretty} at {time}`.
 */
export function writeDate(seconds, pattern) {
  return pattern.replace(/\{(\w+)\}/g, (whole, token) => TOKENS[token]?.(seconds) ?? whole);
}
