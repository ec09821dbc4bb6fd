/** The workspace at the left: channels, direct messages, apps. */

import { avatar } from "./avatar.js";
import { make, renew } from "./dom.js";
import { openHome } from "./home.js";
import { change, directMessage, person, ui, workspace } from "./store.js";
import { unread } from "./unread.js";

/** Renews the sidebar in an element. */
export function renewSidebar(parent) {
  const { team, conversations, app } = workspace();
  const channels = conversations.filter((one) => one.kind !== "im");
  const direct = directMessage();
  parent.classList.toggle("shown", ui.sidebar);
  renew(parent, [
    { key: "team", signature: team, draw: () => make("div.team", {}, make("span", {}, team), make("span.fake", {}, "simulated")) },
    heading("Channels"),
    ...channels.map(channelItem),
    heading("Direct messages"),
    ...(direct ? [directItem(direct)] : []),
    heading("Apps"),
    {
      key: "app", signature: JSON.stringify([app, ui.place === "home"]),
      draw: () => row("app", ui.place === "home", [avatar(person(app.user), "tiny"), app.name], openHome),
    },
  ]);
}

function heading(words) {
  return { key: words, signature: "", draw: () => make("h2", {}, words) };
}

function go(place) {
  change({ place, thread: null, sidebar: false });
  document.getElementById("composer-text")?.focus();
}

function channelItem(one) {
  const fresh = ui.place === one.id && document.hasFocus() ? { count: 0, mentions: 0 } : unread(one.id);
  const isHere = ui.place === one.id;
  const sign = one.kind === "private_channel" ? "🔒" : "#";
  return {
    key: one.id, signature: JSON.stringify([one, fresh, isHere]),
    draw: () => row(one.id, isHere, [make("span.sign", { "aria-hidden": "true" }, sign), one.name,
      one.is_archived && make("span.small", {}, " archived"), badge(fresh)], () => go(one.id), fresh.count > 0),
  };
}

function directItem(one) {
  const fresh = ui.place === one.id ? { count: 0, mentions: 0 } : unread(one.id);
  const isHere = ui.place === one.id;
  return {
    key: one.id, signature: JSON.stringify([one, fresh, isHere]),
    draw: () => row(one.id, isHere, [avatar(person(workspace().app.user), "tiny"), one.name, badge({ ...fresh, mentions: fresh.count })],
      () => go(one.id), fresh.count > 0),
  };
}

function badge(fresh) {
  return fresh.mentions > 0 && make("span.count", {}, String(fresh.mentions), make("span.unseen", {}, " for you"));
}

function row(id, isHere, children, onclick, isUnread = false) {
  return make("button.row", { id: `go-${id}`, type: "button", class: isUnread ? "unread" : "", "aria-current": isHere ? "page" : null, onclick },
    children, isUnread && make("span.unseen", {}, " (unread)"));
}
