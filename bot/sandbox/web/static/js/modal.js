/** Forms and dialogs of the app, over the conversation. */

import { Refused, does } from "./api.js";
import { renewBlocks } from "./blocks.js";
import { announce, idOf, make, renew } from "./dom.js";
import { part } from "./store.js";
import { viewSurface } from "./surface.js";
import { TextBuffer } from "./text_buffer.js";

const body = make("div.modal-body", { id: "modal-body", role: "group", tabindex: "0" }); // with the focus in it, the keyboard scrolls it
const trouble = make("div.modal-trouble", { role: "alert", hidden: true });
const found = new Map(); // what this page finds missing before it sends a form, by view
let before = null; // where the focus was before the form
let shown = null;

/** Renews the form on top of all others, or shows none. */
export function renewModal(parent) {
  const stack = part("views") ?? [];
  const view = stack.at(-1);
  document.getElementById("slack").inert = Boolean(view);
  parent.hidden = !view;
  if (!view) return closeAll(parent);
  const head = JSON.stringify([view.id, view.title, view.submit, view.close, view.submit_disabled, stack.length]);
  renew(parent, [{ key: view.id, signature: head, draw: () => drawModal(view, stack.length) }]);
  const errors = { ...stillMissing(view), ...view.errors };
  renewBlocks(body, view.blocks, viewSurface(view, errors, () => submit()));
  if (shown !== view.id) enter(view);
  else if (document.activeElement === document.body) document.getElementById("modal").focus(); // what had it is gone
  return undefined;
}

function closeAll(parent) {
  renew(parent, []);
  if (shown === null) return;
  shown = null;
  found.clear();
  (before?.isConnected ? before : document.getElementById("composer-text"))?.focus();
}

/** A form that was not there before: the focus goes into it. */
function enter(view) {
  if (shown === null) before = document.activeElement;
  shown = view.id;
  trouble.hidden = true;
  body.scrollTop = 0;
  announce(view.title.text);
  document.getElementById("modal").focus();
}

function drawModal(view, depth) {
  const close = view.close?.text ?? "Cancel";
  body.setAttribute("aria-label", view.title.text);
  return make("section.modal", { id: "modal", role: "dialog", "aria-labelledby": "modal-title", tabindex: "-1", onkeydown: onKey },
    make("header.modal-head", {},
      make("img", { src: "icon.svg", alt: "" }),
      make("h2", { id: "modal-title" }, view.title.text),
      make("button.tool.close", { type: "button", "aria-label": "Close", onclick: () => leave(depth > 1) }, "✕")),
    body, trouble,
    make("footer.modal-foot", {},
      make("button.button", { id: "modal-close", type: "button", onclick: () => leave(false) }, close),
      view.submit && make("button.button.primary.filled", { id: "modal-submit", type: "button", disabled: view.submit_disabled, onclick: submit },
        view.submit.text)));
}

function onKey(event) {
  if (event.key === "Escape" && !event.defaultPrevented) {
    event.preventDefault();
    leave(false);
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    submit();
  }
}

async function leave(all) {
  const view = part("views")?.at(-1);
  if (view) await tried(() => does("close", { view: view.id, all }));
}

async function submit() {
  await TextBuffer.flush();
  const view = part("views")?.at(-1);
  const button = document.getElementById("modal-submit");
  if (!view || !button || button.getAttribute("aria-busy") === "true") return;
  found.set(view.id, missing(view));
  if (Object.keys(found.get(view.id)).length) return showErrors(view, found.get(view.id));
  button.setAttribute("aria-busy", "true");
  await tried(() => does("submit", { view: view.id }));
  button.removeAttribute("aria-busy");
  const now = part("views")?.at(-1);
  if (now?.id === view.id && Object.keys(now.errors).length) showErrors(now, now.errors);
  return undefined;
}

async function tried(deed) {
  trouble.hidden = true;
  try {
    await deed();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    trouble.replaceChildren(make("strong", {}, `⚠️ ${error.message}`), error.why ? make("p.small", {}, error.why) : "");
    trouble.hidden = false;
  }
}

/** What was found missing and has not been filled in since. */
function stillMissing(view) {
  const now = missing(view);
  return Object.fromEntries(Object.entries(found.get(view.id) ?? {}).filter(([block]) => block in now));
}

/** What Slack's client sees is missing, before anything is sent. */
function missing(view) {
  const errors = {};
  for (const block of view.blocks.filter((one) => one.type === "input")) {
    const value = view.state.values[block.block_id]?.[block.element.action_id] ?? {};
    const { type, ...rest } = value;
    const typed = document.getElementById(idOf(view.id, block.block_id, block.element.action_id))?.value;
    const isText = block.element.type === "plain_text_input";
    const entered = isText ? typed : Object.values(rest).find((one) => one && (!Array.isArray(one) || one.length));
    const least = block.element.min_length ?? 0;
    if (!entered && !block.optional) errors[block.block_id] = "Please complete this required field.";
    else if (isText && entered && entered.length < least) errors[block.block_id] = `Please use at least ${least} characters.`;
  }
  return errors;
}

/** Draws the errors at their fields, and goes to the first one. */
function showErrors(view, errors) {
  renewModal(document.getElementById("modals"));
  const first = view.blocks.find((one) => one.block_id in errors);
  announce(Object.values(errors).join(" "));
  const field = first && document.getElementById(idOf(view.id, first.block_id, first.element.action_id));
  (field?.matches("input, textarea") ? field : field?.querySelector("input"))?.focus();
}
