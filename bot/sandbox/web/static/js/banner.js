/** The line above everything: that this is a sandbox, who one is, light or dark, and the drawer. */

import { avatar } from "./avatar.js";
import { make, renew } from "./dom.js";
import { connect } from "./live.js";
import { change, guide, me, ui, workspace } from "./store.js";
import { nextTheme, theme } from "./theme.js";

const THEME_SIGNS = { auto: "◐", light: "☀", dark: "☾" };

/** Renews the banner in an element. */
export function renewBanner(parent) {
  const signature = JSON.stringify([me(), ui.connected, theme(), ui.drawer !== null, workspace().people.length, guide()]);
  renew(parent, [{ key: "banner", signature, draw: drawBanner }]);
}

function drawBanner() {
  return make("div.banner", {},
    make("p.warning", {}, make("strong", {}, "Sandbox"),
      make("span", {}, ui.connected ? " Nothing here is real, and nothing leaves this machine." : " The sandbox does not answer. Is it still running?")),
    drawPeople(),
    make("button.tool", { id: "theme", type: "button", "aria-label": `Colours: ${theme()}. Change`, title: `Colours: ${theme()}`,
      onclick: () => { nextTheme(); change({}); } }, THEME_SIGNS[theme()]),
    make("button.tool.words", { id: "drawer-toggle", type: "button", "aria-expanded": String(ui.drawer !== null), "aria-controls": "drawer", "aria-label": "Behind the scenes",
      onclick: () => change({ drawer: ui.drawer ? null : "cloud" }) }, make("span", { "aria-hidden": "true" }, "☁"), make("span.wide", {}, " Behind the scenes")));
}

function drawPeople() {
  const menu = make("div.menu.people", { id: "people", popover: "auto" });
  menu.append(make("div.menu-heading", {}, "Be somebody else"), ...workspace().people.filter((one) => one.kind !== "app").map((one) =>
    make("div.person", {},
      make("button.menu-item", { type: "button", "aria-current": one.id === me().id ? "true" : null, onclick: () => become(one, menu) },
        avatar(one), make("span", {}, make("strong", {}, one.real_name), make("span.small", {}, `@${one.name} · ${one.kind}`),
          guide().roles[one.name] && make("span.small", {}, guide().roles[one.name]))),
      make("a.tool", { href: `?as=${encodeURIComponent(one.name)}`, target: "_blank", rel: "noopener",
        "aria-label": `Be ${one.real_name} in a new window`, title: "In a new window" }, "↗"))));
  const who = make("button.tool.words", { id: "who", type: "button", popovertarget: "people", "aria-label": `You are ${me().real_name}. Be somebody else` },
    avatar(me(), "tiny"), make("span.wide", {}, ` ${me().real_name}`), make("span", { "aria-hidden": "true" }, " ▾"));
  return make("div.who", {}, who, menu);
}

function become(one, menu) {
  menu.hidePopover();
  const address = new URL(location.href);
  address.searchParams.set("as", one.name);
  history.replaceState(null, "", address);
  change({ person: one.name, thread: null });
  connect();
}
