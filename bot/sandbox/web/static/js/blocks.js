/** Every block of Block Kit that the sandbox knows, drawn as Slack draws it; others are shown as what they are. */

import { idOf, make, renew } from "./dom.js";
import { drawElement, drawImage } from "./elements.js";
import { drawText } from "./mrkdwn.js";
import { drawRichText } from "./rich_text.js";

const ALERT_SIGNS = { info: "ℹ️", warning: "⚠️", error: "⛔", success: "✅", default: "💬" };
const ALERT_WORDS = { info: "Note", warning: "Warning", error: "Error", success: "Done", default: "Note" };
const TASK_SIGNS = { pending: "○", in_progress: "◐", complete: "✓", error: "✕" };
const TASK_WORDS = { pending: "Not begun", in_progress: "Running", complete: "Done", error: "Failed" };

const DRAW = {
  section: drawSection,
  header: (block) => make(`h${Math.min((block.level ?? 1) + 2, 6)}.block.header`, {}, drawText(block.text)),
  divider: () => make("hr.block"),
  context: (block, surface) =>
    make("div.block.context", {}, block.elements.map((one) =>
      one.type === "image" ? drawImage(block, one, surface) : make("span", {}, drawText(one)))),
  actions: (block, surface) =>
    make("div.block.actions", {}, block.elements.map((one) =>
      make("span.action", {}, drawElement(block, one, surface, one.placeholder?.text ?? "Choose")))),
  input: drawInput,
  image: (block) => make("figure.block", {}, block.title && make("figcaption", {}, drawText(block.title)), drawImage(block, block)),
  alert: (block) => {
    const level = block.level ?? "default";
    return make("div.block.alert", { class: level, role: level === "error" ? "alert" : "note" },
      make("span.sign", { role: "img", "aria-label": ALERT_WORDS[level] }, ALERT_SIGNS[level]),
      make("span", {}, drawText(block.text)));
  },
  rich_text: (block) => make("div.block", {}, drawRichText(block)),
  table: drawTable,
  plan: (block) => make("div.block.plan", {}, make("div.plan-title", {}, block.title), (block.tasks ?? []).map(drawTask)),
  task_card: (block) => make("div.block.plan", {}, drawTask(block)),
  card: drawCard,
};

/**
 * Renews the blocks in an element; those that did not change stay as they are.
 * @param {HTMLElement} parent
 * @param {object[]} blocks
 * @param {import("./surface.js").Surface} surface
 */
export function renewBlocks(parent, blocks, surface) {
  const seen = new Map();
  const items = blocks.map((block) => {
    const name = block.block_id ?? block.type;
    const again = seen.get(name) ?? 0;
    seen.set(name, again + 1);
    return { key: `${name} ${again}`, signature: signatureOf(block, surface), draw: () => drawBlock(block, surface) };
  });
  renew(parent, items);
}

/** Draws one block. */
export function drawBlock(block, surface) {
  const draw = DRAW[block.type];
  if (draw) return draw(block, surface);
  return make("details.block.unknown", {},
    make("summary", {}, `A block of the type “${block.type}”, which the sandbox cannot draw`),
    make("pre", {}, JSON.stringify(block, null, 2)));
}

/** All that a block's look depends on. What is typed into a text input is not part of it: its field keeps that. */
function signatureOf(block, surface) {
  const elements = [block.element, block.accessory, ...(block.elements ?? [])].filter((one) => one?.action_id);
  const values = elements.filter((one) => one.type !== "plain_text_input").map((one) => surface.value(block, one));
  return JSON.stringify([surface.id, block, values, surface.errors[block.block_id]]);
}

function drawSection(block, surface) {
  const accessory = block.accessory;
  const words = [
    block.text && make("div.section-text", {}, drawText(block.text)),
    block.fields && make("div.fields", {}, block.fields.map((one) => make("div", {}, drawText(one)))),
  ];
  if (!accessory) return make("div.block.section", {}, words);
  const label = block.text?.text ?? "Choose";
  return make("div.block.section.with-accessory", {}, make("div.section-words", {}, words),
    make("div.accessory", {}, drawElement(block, accessory, surface, label)));
}

function drawInput(block, surface) {
  const { element } = block;
  const id = idOf(surface.id, block.block_id, element.action_id);
  const error = surface.errors[block.block_id];
  const aria = {
    "aria-describedby": [error && `${id}-error`, block.hint && `${id}-hint`].filter(Boolean).join(" ") || null,
    "aria-invalid": error ? "true" : null,
    "aria-required": block.optional || element.type === "checkboxes" ? null : "true",
  };
  const isGroup = ["radio_buttons", "checkboxes"].includes(element.type);
  if (isGroup) delete aria["aria-invalid"];
  if (element.type === "checkboxes") delete aria["aria-required"];
  const label = [block.label.text, block.optional && make("span.optional", {}, " (optional)")];
  return make("div.block.input", { class: error ? "wrong" : "" },
    isGroup ? make("div.label", {}, label) : make("label.label", { for: id }, label),
    drawElement(block, element, surface, block.label.text, aria),
    error && make("div.error", { id: `${id}-error` }, error),
    block.hint && make("div.hint", { id: `${id}-hint` }, drawText(block.hint)));
}

function drawTable(block) {
  const [head, ...rows] = block.rows.map((row) => row.map(drawCell));
  const settings = block.column_settings ?? [];
  const look = (place) => ({ class: [settings[place]?.align ?? "left", settings[place]?.is_wrapped ? "wrapped" : ""].join(" ") });
  return make("div.block.table", { tabindex: "0", role: "region", "aria-label": "Table" },
    make("table", {},
      make("thead", {}, make("tr", {}, head.map((cell, place) => make("th", { scope: "col", ...look(place) }, cell)))),
      make("tbody", {}, rows.map((row) => make("tr", {}, row.map((cell, place) => make("td", look(place), cell)))))));
}

function drawCell(cell) {
  if (cell.type === "rich_text") return drawRichText(cell);
  return cell.type === "raw_number" ? (cell.text ?? String(cell.value)) : cell.text;
}

function drawTask(task) {
  return make("div.task", { class: task.status },
    make("span.sign", { role: "img", "aria-label": TASK_WORDS[task.status] }, TASK_SIGNS[task.status]),
    make("div", {}, make("div", {}, task.title),
      task.details && drawRichText(task.details), task.output && drawRichText(task.output)));
}

function drawCard(block, surface) {
  return make("div.block.card", {},
    block.hero_image && drawImage(block, block.hero_image),
    make("div.card-head", {}, block.icon && drawImage(block, block.icon), make("div", {},
      block.title && make("div.card-title", {}, drawText(block.title)),
      block.subtitle && make("div.card-subtitle", {}, drawText(block.subtitle)))),
    block.body && make("p", {}, drawText(block.body)),
    block.actions && make("div.actions", {}, block.actions.map((one) => drawElement(block, one, surface, ""))));
}
