/** Forms and dialogs of the app, over the conversation. */

import { Refused, does } from "./api.js";
import { renewBlocks } from "./blocks.js";
import { announce, idOf, make, renew } from "./dom.js";
import { part, wake } from "./store.js";
import { allEntered, isBusy, viewSurface } from "./surface.js";

const body = make("div.modal-body", { id: "modal-body", role: "group", tabindex: "0" }); // with the focus in it, the keyboard scrolls it
const trouble = make("div.modal-trouble", { role: "alert", hidden: true });
const missing = new Map(); // what has to be filled in before a form is sent, by view and block
let before = null; // where the focus was before the form
let shown = null;
let isSending = false;

/** Renews the form on top of all others, or shows none. */
export function renewModal(parent) {
  const stack = part("views") ?? [];
  const view = stack.at(-1);
  document.getElementById("slack").inert = Boolean(view);
  parent.hidden = !view;
  if (!view) return closeAll(parent);
  renew(parent, [{ key: view.id, signature: "", draw: drawModal }]);
  renew(document.getElementById("modal"), parts(view, stack.length));
  const errors = { ...missing.get(view.id), ...view.errors };
  renewBlocks(body, view.blocks, viewSurface(view, errors, { submit, entered: (block) => forgive(view, block) }));
  body.setAttribute("aria-label", view.title.text);
  if (shown !== view.id) enter(view);
  else if (document.activeElement === document.body) document.getElementById("modal").focus(); // what had it is gone
  return undefined;
}

function closeAll(parent) {
  renew(parent, []);
  if (shown === null) return;
  shown = null;
  missing.clear();
  const again = before?.isConnected ? before : before?.id && document.getElementById(before.id);
  (again || document.getElementById("composer-text"))?.focus();
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

function drawModal() {
  return make("section.modal", { id: "modal", role: "dialog", "aria-labelledby": "modal-title", tabindex: "-1", onkeydown: onKey });
}

/** What a form is made of, as items for `renew`. */
function parts(view, depth) {
  const { title, submit: send, close, submit_disabled: isDisabled } = view;
  return [
    { key: "head", signature: JSON.stringify([title, depth]), draw: () => drawHead(title.text, depth) },
    { key: "body", signature: "", draw: () => body },
    { key: "trouble", signature: "", draw: () => trouble },
    { key: "foot", signature: JSON.stringify([send, close, isDisabled]), draw: () => drawFoot(send, close?.text ?? "Cancel", isDisabled) },
  ];
}

function drawHead(title, depth) {
  return make("header.modal-head", {},
    make("img", { src: "icon.svg", alt: "" }),
    make("h2", { id: "modal-title" }, title),
    make("button.tool.close", { type: "button", "aria-label": "Close", onclick: () => leave(depth > 1) }, "✕"));
}

function drawFoot(send, close, isDisabled) {
  return make("footer.modal-foot", {},
    make("button.button", { id: "modal-close", type: "button", onclick: () => leave(false) }, close),
    send && make("button.button.primary.filled", { id: "modal-submit", type: "button", disabled: isDisabled, onclick: submit }, send.text));
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
  const view = part("views")?.at(-1);
  const button = document.getElementById("modal-submit");
  if (!view || !button || button.disabled || isSending) return;
  isSending = true;
  button.setAttribute("aria-busy", "true");
  await tried(async () => {
    await allEntered();
    missing.set(view.id, (await does("submit", { view: view.id })).missing);
  });
  button.removeAttribute("aria-busy");
  isSending = false;
  const now = part("views")?.at(-1);
  const errors = { ...missing.get(view.id), ...now?.errors };
  if (now?.id === view.id && Object.keys(errors).length) showErrors(now, errors);
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

/** Something was entered where it had been missing. */
function forgive(view, block) {
  const { [block.block_id]: filled, ...left } = missing.get(view.id) ?? {};
  missing.set(view.id, left);
  if (filled) wake();
}

/** Draws the errors at their fields, and goes to the first one. */
function showErrors(view, errors) {
  renewModal(document.getElementById("modals"));
  const first = view.blocks.find((one) => one.block_id in errors);
  announce(Object.values(errors).join(" "));
  const field = first && document.getElementById(idOf(view.id, first.block_id, first.element.action_id));
  (field?.matches("input, textarea") ? field : field?.querySelector("input"))?.focus();
}
