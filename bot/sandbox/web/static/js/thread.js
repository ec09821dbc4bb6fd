/** The thread beside the conversation. */

import { composer } from "./composer.js";
import { make, renew } from "./dom.js";
import { messageItem } from "./message.js";
import { change, conversation, messagesOf, ui } from "./store.js";

const log = make("div.log", { role: "log", "aria-label": "Replies", tabindex: "0" });
const box = composer({ id: "thread", channel: () => ui.place, thread: () => ui.thread, takesCommands: false });

/** Renews the thread in an element, or hides it. */
export function renewThread(parent) {
  const messages = messagesOf(ui.place);
  const root = ui.thread && messages.find((one) => one.ts === ui.thread);
  parent.hidden = !root;
  if (!root) return;
  const place = conversation(ui.place);
  renew(parent, [
    { key: "heading", signature: place.name, draw: () => drawHead(place) },
    { key: "log", signature: "", draw: () => log },
    { key: "composer", signature: "", draw: () => box.element },
  ]);
  const replies = messages.filter((one) => one.thread_ts === root.ts && one.ts !== root.ts);
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  const wasAtEnd = log.dataset.thread !== root.ts || log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  log.dataset.thread = root.ts;
  renew(log, [
    messageItem(place.id, root, [], true),
    { key: "count", signature: count, draw: () => make("div.divider", {}, make("span", {}, count)) },
    ...replies.map((one) => messageItem(place.id, one, [], true)),
  ]);
  if (wasAtEnd) log.scrollTop = log.scrollHeight;
  box.placeholder = "Reply…";
  box.element.hidden = place.is_archived || !place.is_member;
}

function drawHead(place) {
  return make("header.heading", {}, make("h2", {}, "Thread"),
    make("span.details", {}, place.kind === "im" ? place.name : `#${place.name}`),
    make("button.tool.close", { id: "thread-close", type: "button", "aria-label": "Close the thread", onclick: closeThread }, "✕"));
}

/** Closes the thread, with the focus back at its message. */
export function closeThread() {
  const root = document.getElementById(`replies-${ui.thread?.replace(".", "_46")}`);
  change({ thread: null });
  (root ?? document.getElementById("composer-text"))?.focus();
}
