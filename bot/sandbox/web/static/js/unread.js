/** What this window has shown already, and what is new since. */

import { me, mentionsMe, messagesOf, ui } from "./store.js";

const read = new Map(); // the ts of the last message that was seen, by person and conversation

const keyOf = (id) => `${ui.person} ${id}`;

/** Others' messages of a conversation, without the replies, after what was seen. */
export function unread(id) {
  const messages = messagesOf(id);
  const key = keyOf(id);
  if (!read.has(key)) read.set(key, messages.at(-1)?.ts ?? "0");
  const fresh = messages.filter((one) => one.ts > read.get(key) && one.user !== me().id);
  return {
    first: fresh.find((one) => !one.thread_ts)?.ts ?? null,
    count: fresh.filter((one) => !one.thread_ts).length,
    mentions: fresh.filter((one) => mentionsMe(one.text)).length,
  };
}

/** Notes that everything in a conversation was seen. */
export function markRead(id) {
  const last = messagesOf(id).at(-1)?.ts;
  if (last) read.set(keyOf(id), last);
}
