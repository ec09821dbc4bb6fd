/** Puts the page together: each part is renewed whenever something changed. */

import { renewBanner } from "./banner.js";
import { focusComposer, renewConversation } from "./conversation.js";
import { renewDrawer } from "./drawer.js";
import { renewHome } from "./home.js";
import { connect, watch } from "./live.js";
import { renewModal } from "./modal.js";
import { renewSidebar } from "./sidebar.js";
import { change, conversation, me, part, ui, wake, whenChanged, workspace } from "./store.js";
import { restoreTheme } from "./theme.js";
import { closeThread, renewThread } from "./thread.js";

const at = (id) => document.getElementById(id);
const middle = { conversation: document.createElement("div"), home: document.createElement("div") };
let greeted = false;

function draw() {
  if (!workspace()) return;
  if (ui.place !== "home" && !conversation(ui.place)) ui.place = firstPlace();
  document.title = `${me().real_name} · Sandbox`;
  renewBanner(at("banner"));
  renewSidebar(at("sidebar"));
  const shown = ui.place === "home" ? "home" : "conversation";
  if (at("main").firstChild !== middle[shown]) at("main").replaceChildren(middle[shown]);
  if (shown === "home") renewHome(middle.home);
  else renewConversation(middle.conversation);
  renewThread(at("thread"));
  renewModal(at("modals"));
  renewDrawer(at("drawer"));
  watch();
  if (!greeted && part("views")) {
    greeted = true;
    if (!part("views").length) focusComposer();
  }
}

/** Where one is at first: #databases, where the bot is asked things. */
function firstPlace() {
  const members = workspace().conversations.filter((one) => one.is_member && !one.is_archived);
  return (members.find((one) => one.name === "databases") ?? members[0])?.id;
}

for (const [name, element] of Object.entries(middle)) element.className = `middle ${name}`;
restoreTheme();
whenChanged(draw);
addEventListener("focus", wake);
addEventListener("toggle", wake, true); // what was left alone while a menu was open
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !workspace()) return;
  if (ui.thread) closeThread();
  else if (ui.sidebar) change({ sidebar: false });
});
connect();
