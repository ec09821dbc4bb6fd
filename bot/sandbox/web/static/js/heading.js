/** The line above what is shown in the middle. */

import { make } from "./dom.js";
import { change, ui } from "./store.js";

/**
 * Draws a heading.
 * @param {string} title
 * @param {string} details Small print beside it.
 * @param {...Node} more
 */
export function drawHeading(title, details, ...more) {
  return make("header.heading", {},
    make("button.tool.sidebar-toggle", { id: "sidebar-toggle", type: "button", "aria-label": "Show channels",
      onclick: () => change({ sidebar: !ui.sidebar }) }, "☰"),
    make("h1", {}, title), make("span.details", {}, details), more);
}
