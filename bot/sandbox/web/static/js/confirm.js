/** The question that is asked before an element acts. */

import { make } from "./dom.js";
import { drawText } from "./mrkdwn.js";

/**
 * Asks, if there is something to ask.
 * @param {object|undefined} dialog A confirm dialog of Block Kit.
 * @returns {Promise<boolean>} Whether the person is sure.
 */
export function confirmed(dialog) {
  if (!dialog) return Promise.resolve(true);
  const before = document.activeElement;
  return new Promise((resolve) => {
    const shown = make("dialog.confirm", { "aria-labelledby": "confirm-title" },
      make("form", { method: "dialog" },
        make("h2", { id: "confirm-title" }, dialog.title.text),
        make("p", {}, drawText(dialog.text)),
        make("div.buttons", {},
          make("button.button", { value: "no" }, dialog.deny.text),
          make("button.button", { value: "yes", class: dialog.style === "danger" ? "danger filled" : "primary filled", autofocus: true },
            dialog.confirm.text))));
    shown.addEventListener("close", () => {
      shown.remove();
      if (!before.isConnected) document.getElementById(before.id)?.focus(); // it was drawn anew in the meantime
      resolve(shown.returnValue === "yes");
    });
    document.body.append(shown);
    shown.showModal();
  });
}
