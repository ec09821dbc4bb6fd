/** The conversation in the middle: its heading, its messages, and the box to write in. */

import { composer } from "./composer.js";
import { dayName, dayOf } from "./dates.js";
import { make, renew } from "./dom.js";
import { drawHeading } from "./heading.js";
import { messageItem } from "./message.js";
import { conversation, guide, messagesOf, ui, workspace } from "./store.js";
import { markRead, unread } from "./unread.js";

let marker = { place: null, first: null }; // where "New" stands: it stays there while one looks

const log = make("div.log", { id: "log", role: "log", "aria-label": "Messages", tabindex: "0" });
const box = composer({ id: "composer", channel: () => ui.place, thread: () => null, takesCommands: true });
const closed = make("p.closed", { hidden: true });

/** Renews the conversation in an element. */
export function renewConversation(parent) {
  const shown = conversation(ui.place);
  if (!shown) return;
  renew(parent, [
    { key: "heading", signature: JSON.stringify([shown, ui.thread !== null]), draw: () => drawHeading(titleOf(shown), detailsOf(shown)) },
    { key: "log", signature: "", draw: () => log },
    { key: "closed", signature: "", draw: () => closed },
    { key: "composer", signature: "", draw: () => box.element },
  ]);
  renewLog(shown);
  closed.hidden = shown.is_member && !shown.is_archived;
  box.element.hidden = !closed.hidden;
  closed.textContent = shown.is_archived ? "This channel is archived." : "You are not a member of this channel: you can read it.";
  box.placeholder = shown.kind === "im" ? `Message ${shown.name}` : `Message #${shown.name}`;
}

const titleOf = (shown) => (shown.kind === "im" ? shown.name : `${shown.kind === "private_channel" ? "🔒" : "#"} ${shown.name}`);

function detailsOf(shown) {
  if (shown.kind === "im") return workspace().app.description;
  const members = `${shown.members} member${shown.members === 1 ? "" : "s"}`;
  return shown.has_app ? `${members} · ${workspace().app.name} is here` : members;
}

function renewLog(shown) {
  const messages = messagesOf(shown.id);
  const isAway = !document.hasFocus() && marker.first === null;
  if (marker.place !== shown.id || isAway) marker = { place: shown.id, first: unread(shown.id).first };
  const wasAtEnd = log.dataset.place !== shown.id || log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  log.dataset.place = shown.id;
  renew(log, items(shown, messages));
  if (wasAtEnd) log.scrollTop = log.scrollHeight;
  if (document.hasFocus()) markRead(shown.id);
}

function items(shown, messages) {
  const found = [beginning(shown)];
  let day = null;
  for (const message of messages) {
    if (message.thread_ts && message.thread_ts !== message.ts) continue;
    const itsDay = dayOf(Number(message.ts));
    if (itsDay !== day) found.push(divider(`day-${itsDay}`, dayName(Number(message.ts))));
    day = itsDay;
    if (message.ts === marker.first) found.push(divider("new", "New"));
    const replies = messages.filter((one) => one.thread_ts === message.ts && one.ts !== message.ts);
    found.push(messageItem(shown.id, message, replies, false));
  }
  return found;
}

function divider(key, words) {
  return { key, signature: words, draw: () => make("div.divider", { class: key === "new" ? "new" : "" }, make("span", {}, words)) };
}

function beginning(shown) {
  const signature = JSON.stringify([shown, guide()]);
  return { key: "beginning", signature, draw: () => drawBeginning(shown) };
}

function drawBeginning(shown) {
  const { app } = workspace();
  const command = app.commands[0]?.command ?? "a command";
  return make("div.beginning", {},
    make("h2", {}, titleOf(shown)),
    make("p", {}, shown.kind === "im" ? `What ${app.name} writes to you alone is here.` : "This is the very beginning of the channel."),
    shown.is_member && !shown.is_archived && make("p", {}, "Type ", make("code", {}, command), " below to begin."),
    shown.is_member && shown.has_app && !shown.is_archived && guide().hint && make("p.guide", {}, guide().hint));
}

/** Puts the focus where one writes. */
export function focusComposer() {
  box.text.focus();
}
