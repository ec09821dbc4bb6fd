/** Requests to the sandbox. */

import { ui } from "./store.js";

/** Something was refused, or nobody answered. */
export class Refused extends Error {
  /**
   * @param {string} shown What a person is told.
   * @param {string} why What was behind it.
   */
  constructor(shown, why) {
    super(shown);
    this.why = why;
  }
}

/**
 * Does something as the person this window is.
 * @param {string} deed Such as `say`.
 * @param {object} content
 * @returns {Promise<object>}
 * @throws {Refused}
 */
export async function does(deed, content) {
  const answer = await send("POST", `people/${encodeURIComponent(ui.person)}/${deed}`, content);
  if (!answer.ok) throw new Refused(answer.shown, answer.why);
  return answer;
}

/**
 * Sends a request of the drawer.
 * @param {string} method
 * @param {string} path
 * @param {object} [content]
 * @throws {Refused}
 */
export async function send(method, path, content) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: content === undefined ? {} : { "Content-Type": "application/json" },
      body: content === undefined ? undefined : JSON.stringify(content),
    });
  } catch (error) {
    throw new Refused("The sandbox does not answer. Is it still running?", String(error));
  }
  const answer = await response.json().catch(() => ({}));
  if (answer.errors) throw new Refused(answer.errors.join(" "), "");
  return answer;
}
