/** App Home: whatever view the app publishes, or a word that it has none. */

import { does } from "./api.js";
import { renewBlocks } from "./blocks.js";
import { announce, make, renew } from "./dom.js";
import { drawHeading } from "./heading.js";
import { change, directMessage, part, workspace } from "./store.js";
import { viewSurface } from "./surface.js";

const body = make("div.home-blocks");

/** Renews App Home in an element. */
export function renewHome(parent) {
  const { app } = workspace();
  const view = part("home");
  renew(parent, [
    { key: "heading", signature: app.name, draw: () => drawHeading(app.name, app.description) },
    { key: "tabs", signature: String(directMessage()?.id), draw: drawTabs },
    { key: "home", signature: JSON.stringify([app.has_home, Boolean(view)]), draw: () => drawPage(app, view) },
  ]);
  if (view) renewBlocks(body, view.blocks, viewSurface(view, {}));
}

function drawTabs() {
  return make("div.tabs", {},
    make("button.tab", { type: "button", "aria-current": "page" }, "Home"),
    make("button.tab", { type: "button", onclick: () => change({ place: directMessage()?.id ?? null }) }, "Messages"));
}

function drawPage(app, view) {
  if (view) return make("div.home-page", { tabindex: "0", role: "region", "aria-label": "Home" }, body);
  const words = app.has_home
    ? `${app.name} has published nothing here yet.`
    : `${app.name} has no Home tab: its manifest does not ask for one.`;
  return make("div.home-page", {}, make("div.nothing", {}, make("h2", {}, words),
    make("p", {}, "What can be done with it:"),
    make("ul", {}, app.commands.map((one) => make("li", {}, make("code", {}, one.command), ` ${one.description}`)),
      app.shortcuts.map((one) => make("li", {}, make("strong", {}, one.name), `, a shortcut (⚡ below a message box): ${one.description}`)))));
}

/** Goes to App Home, which tells the app where it asked for that. */
export async function openHome() {
  change({ place: "home", thread: null, sidebar: false });
  if (workspace().app.has_home) await does("home", {}).catch((error) => announce(error.message));
}
