/** All that the page knows: what the server sent, part by part, and what only this window knows. */

const parts = new Map();
const listeners = new Set();
let scheduled = false;

const asked = new URLSearchParams(location.search);

/** What only this window knows. Change it with `change`. */
export const ui = {
  person: asked.get("as") ?? "alice",
  place: null, // the id of a conversation, or "home"
  thread: null, // the ts of the message whose thread is open
  drawer: asked.get("drawer"), // the open tab of the drawer
  sidebar: false, // whether the sidebar is shown where there is no room for both
  notice: null, // what went wrong last, for the composer: {shown, why}
  connected: false,
  saved: new Map(), // what is typed and not sent yet, by place
};

/** A part of what the server sent. */
export function part(name) {
  return parts.get(name);
}

/** Keeps a part that the server sent. */
export function keep(name, value) {
  parts.set(name, value);
  wake();
}

/** Forgets what the server sent to somebody else. */
export function forget() {
  parts.clear();
}

/** Changes what only this window knows. */
export function change(changes) {
  Object.assign(ui, changes);
  wake();
}

/** Calls `draw` whenever something changed. */
export function whenChanged(draw) {
  listeners.add(draw);
}

/** Draws soon, once for all that changed together. */
export function wake() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    for (const draw of listeners) draw();
  });
}

/** The workspace as this person sees it. */
export const workspace = () => part("workspace");
/** The person this window is. */
export const me = () => workspace().me;

/** A person by id; somebody unknown is called by the id. */
export function person(id) {
  return workspace().people.find((one) => one.id === id) ?? { id, name: id, real_name: id, kind: "member" };
}

/** The conversation with this id, if this person sees it. */
export function conversation(id) {
  return workspace().conversations.find((one) => one.id === id);
}

/** Where this person is: the conversation that is shown, or was shown last. */
export function messagesOf(id) {
  return part(`messages/${id}`) ?? [];
}

/** Whether a text in Slack's markup mentions whoever looks at it, alone or as one of a user group. */
export function mentionsMe(text) {
  return text.includes(`<@${me().id}`) || workspace().groups.some((one) => one.is_mine && text.includes(`<!subteam^${one.id}`));
}

/** What a stranger is told: a hint, and what each person may do. */
export function guide() {
  return part("guide") ?? { hint: "", roles: {} };
}

/** The direct message with the app. */
export function directMessage() {
  return workspace().conversations.find((one) => one.kind === "im");
}
