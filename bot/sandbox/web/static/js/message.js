/** One message: who, when, what, and what can be done about it. */

import { does } from "./api.js";
import { avatar } from "./avatar.js";
import { renewBlocks } from "./blocks.js";
import { ago, fullTime, timeOf } from "./dates.js";
import { announce, idOf, make } from "./dom.js";
import { opensAt } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { change, me, mentionsMe, person, workspace } from "./store.js";
import { messageSurface } from "./surface.js";

/**
 * An item for `renew`.
 * @param {string} channel The id of the conversation.
 * @param {object} message
 * @param {object[]} replies
 * @param {boolean} inThread Whether it is shown in the thread's own panel.
 */
export function messageItem(channel, message, replies, inThread) {
  const last = replies.at(-1);
  const signature = JSON.stringify([message, replies.length, last?.ts, inThread]);
  return { key: message.ts, signature, draw: () => drawMessage(channel, message, replies, inThread) };
}

function drawMessage(channel, message, replies, inThread) {
  const author = person(message.user);
  const at = Number(message.ts);
  const body = make("div.body");
  if (message.blocks?.length) renewBlocks(body, message.blocks, messageSurface(channel, message, inThread));
  else body.append(...mrkdwn(message.text));
  const isForMe = message.user !== me().id && mentionsMe(message.text);
  const classes = [message.is_ephemeral && "ephemeral", isForMe && "mentions-me"].filter(Boolean).join(" ");
  return make("article.message", { class: classes, "aria-label": `${author.real_name} at ${timeOf(at)}`, "data-ts": message.ts },
    avatar(author),
    make("div.content", {},
      message.is_ephemeral && make("p.only-you", {}, "👁 Only visible to you"),
      make("div.head", {},
        make("span.author", {}, author.real_name), author.kind === "app" && make("span.badge", {}, "APP"),
        author.kind.includes("guest") && make("span.badge", {}, "GUEST"),
        make("time.when", { datetime: new Date(at * 1000).toISOString(), title: fullTime(at) }, timeOf(at))),
      body,
      message.edited && make("span.edited", { title: fullTime(Number(message.edited.ts)) }, "(edited)"),
      message.is_ephemeral && drawDismissal(message),
      !inThread && replies.length > 0 && drawReplies(message, replies)),
    !message.is_ephemeral && drawMoreActions(channel, message, author, inThread),
    !inThread && !message.is_ephemeral && drawReplyButton(message, author));
}

function drawReplies(message, replies) {
  const last = replies.at(-1);
  const authors = [...new Set(replies.map((one) => one.user))].slice(0, 3).map(person);
  return make("button.replies", { id: idOf("replies", message.ts), type: "button", onclick: () => openThread(message.ts) },
    authors.map((one) => avatar(one, "tiny")),
    make("span.count", {}, replies.length === 1 ? "1 reply" : `${replies.length} replies`),
    make("span.last", {}, `Last reply ${ago(Number(last.ts))}`));
}

function drawReplyButton(message, author) {
  return make("button.reply", {
    id: idOf("reply", message.ts), type: "button", title: "Reply in thread",
    "aria-label": `Reply in thread to ${author.real_name}`, onclick: () => openThread(message.ts),
  }, "💬");
}

/** The menu of a message's shortcuts. */
function drawMoreActions(channel, message, author, inThread) {
  const names = workspace().app.message_shortcuts;
  if (!names.length) return null;
  const use = (name) => does("message-shortcut", { channel, ts: message.ts, name }).catch((refused) => announce(refused.message));
  const menu = make("div.menu", { id: idOf(inThread ? "thread-more" : "more", message.ts), popover: "auto" }, names.map((name) =>
    make("button.menu-item", { type: "button", onclick: () => { menu.hidePopover(); use(name); } }, name)));
  const button = make("button.reply", {
    id: `${menu.id}-open`, class: "more", type: "button", popovertarget: menu.id, title: "More actions", "aria-label": `More actions at the message of ${author.real_name}`,
  }, "⋮");
  return [button, opensAt(menu, button)];
}

function drawDismissal(message) {
  return make("button.link", { type: "button", onclick: () => does("dismiss", { ts: message.ts }) }, "Dismiss message");
}

/** Opens a thread beside the conversation, with the focus in it. */
function openThread(ts) {
  change({ thread: ts });
  queueMicrotask(() => document.getElementById("thread-text")?.focus());
}
