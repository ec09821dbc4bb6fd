/** The drawer at the side: what is behind the page. */

import { renewCloud } from "./cloud_tab.js";
import { make, renew } from "./dom.js";
import { change, part, ui } from "./store.js";
import { renewTrouble } from "./trouble_tab.js";
import { renewWire } from "./wire_tab.js";

const TABS = { cloud: "Cloud", wire: "Wire", trouble: "Trouble" };
const RENEW = { cloud: renewCloud, wire: renewWire, trouble: renewTrouble };
const panels = new Map(Object.keys(TABS).map((name) => [name, drawPanel(name)]));

/** Renews the drawer in an element, or hides it. */
export function renewDrawer(parent) {
  if (ui.drawer && !(ui.drawer in TABS)) ui.drawer = "cloud";
  parent.hidden = !ui.drawer;
  document.body.classList.toggle("with-drawer", !parent.hidden);
  if (!ui.drawer) return;
  renew(parent, [
    { key: "head", signature: ui.drawer, draw: drawHead },
    { key: ui.drawer, signature: "", draw: () => panels.get(ui.drawer) },
  ]);
  const value = part(`drawer/${ui.drawer}`);
  if (value) RENEW[ui.drawer](panels.get(ui.drawer), value);
}

function drawPanel(name) {
  return make("div.panel", { id: `panel-${name}`, role: "tabpanel", "aria-labelledby": `tab-${name}`, tabindex: "0" });
}

function drawHead() {
  return make("header.drawer-head", {},
    make("div.tabs", { role: "tablist", "aria-label": "Behind the scenes", onkeydown: onKey },
      Object.entries(TABS).map(([name, words]) => make("button.tab", {
        id: `tab-${name}`, type: "button", role: "tab", "aria-selected": String(name === ui.drawer), "aria-controls": `panel-${name}`,
        tabindex: name === ui.drawer ? "0" : "-1", onclick: () => open(name),
      }, words))),
    make("button.tool.close", { id: "drawer-close", type: "button", "aria-label": "Close the drawer", onclick: () => {
      change({ drawer: null });
      document.getElementById("drawer-toggle").focus();
    } }, "✕"));
}

function onKey(event) {
  const names = Object.keys(TABS);
  const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!move) return;
  open(names[(names.indexOf(ui.drawer) + move + names.length) % names.length]);
}

function open(name) {
  change({ drawer: name });
  queueMicrotask(() => document.getElementById(`tab-${name}`)?.focus());
}
