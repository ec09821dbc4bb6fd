/** The elements of Block Kit other than the select menus: buttons, choices, text inputs, dates, three dots. */

import { confirmed } from "./confirm.js";
import { idOf, make } from "./dom.js";
import { opensAt } from "./menu.js";
import { drawText } from "./mrkdwn.js";
import { drawSelect, isSelect } from "./selects.js";
import { busily, isBusy } from "./surface.js";
import { TextBuffer } from "./text_buffer.js";

const DRAW = {
  button: drawButton,
  overflow: drawOverflow,
  radio_buttons: drawMarked,
  checkboxes: drawMarked,
  plain_text_input: drawTextInput,
  datepicker: drawDatePicker,
  image: drawImage,
};

/**
 * Draws an element.
 * @param {object} block The block it stands in.
 * @param {object} element
 * @param {import("./surface.js").Surface} surface
 * @param {string} label What it is called, for screen readers.
 * @param {Record<string, string>} [aria] What else screen readers are told.
 * @returns {HTMLElement}
 */
export function drawElement(block, element, surface, label, aria = {}) {
  if (isSelect(element)) return drawSelect(block, element, surface, label, aria);
  const draw = DRAW[element.type];
  if (draw) return draw(block, element, surface, label, aria);
  return make("span.unknown", {}, `[${element.type}: the sandbox cannot draw this element]`);
}

function drawButton(block, element, surface) {
  const properties = {
    id: idOf(surface.id, block.block_id, element.action_id),
    class: element.style ?? "",
    "aria-label": element.accessibility_label,
  };
  const press = async (event) => {
    const button = event.currentTarget;
    if (isBusy(button) || !(await confirmed(element.confirm)) || isBusy(button)) return;
    await busily(button, () => surface.press(block, element));
  };
  if (element.url && /^https?:/i.test(element.url)) {
    const link = { ...properties, href: element.url, target: "_blank", rel: "noopener noreferrer" };
    return make("a.button", { ...link, onclick: press }, drawText(element.text));
  }
  return make("button.button", { ...properties, type: "button", onclick: press }, drawText(element.text));
}

function drawOverflow(block, element, surface) {
  const id = idOf(surface.id, block.block_id, element.action_id);
  const menu = make("div.menu", { id: `${id}-menu`, popover: "auto" });
  const button = make("button.button.dots", { id, type: "button", "aria-label": "More actions", popovertarget: menu.id }, "⋯");
  menu.append(...element.options.map((option) =>
    make("button.menu-item", {
      type: "button",
      onclick: async () => {
        menu.hidePopover();
        if (option.url && /^https?:/i.test(option.url)) open(option.url, "_blank", "noopener");
        if (await confirmed(element.confirm)) await busily(button, () => surface.press(block, element, option.value));
      },
    }, drawText(option.text))));
  return make("span.overflow", {}, button, opensAt(menu, button));
}

/** Radio buttons and checkboxes. */
function drawMarked(block, element, surface, label, aria) {
  const isRadio = element.type === "radio_buttons";
  const value = surface.value(block, element);
  const chosen = isRadio ? [value.selected_option] : (value.selected_options ?? []);
  const values = new Set(chosen.filter(Boolean).map((one) => one.value));
  const name = idOf(surface.id, block.block_id, element.action_id);
  const group = make("div.marked", { id: name, role: isRadio ? "radiogroup" : "group", "aria-label": label, ...aria });
  group.append(...element.options.map((option, number) => {
    const id = `${name}-${number}`;
    const input = make("input", {
      id, name, type: isRadio ? "radio" : "checkbox", checked: values.has(option.value), value: option.value,
      onchange: () => busily(group, () => surface.enter(block, element, {
        values: [...group.querySelectorAll("input:checked")].map((one) => one.value),
      })),
    });
    return make("label.mark", { for: id }, input, make("span", {}, make("span", {}, drawText(option.text)),
      option.description && make("span.mark-description", {}, drawText(option.description))));
  }));
  return group;
}

function drawTextInput(block, element, surface, label, aria) {
  const id = idOf(surface.id, block.block_id, element.action_id);
  const buffer = TextBuffer.of(id);
  const most = element.max_length ?? 3000;
  const counter = make("span.counter", { "aria-hidden": "true" });
  const field = make(element.multiline ? "textarea.text-input" : "input.text-input", {
    id, maxlength: most, placeholder: element.placeholder?.text, value: buffer.text ?? surface.value(block, element).value ?? "",
    "aria-label": label, rows: element.multiline ? 3 : null, autocomplete: "off", ...aria,
    oninput: () => {
      count();
      buffer.typed(field.value, (value) => surface.enter(block, element, { value }));
    },
    onkeydown: async (event) => {
      if (event.key !== "Enter" || event.isComposing || element.multiline) return;
      event.preventDefault();
      await TextBuffer.flush();
      if (block.dispatch_action) await busily(field, () => surface.enter(block, element, { value: field.value, pressed_enter: true }));
      else surface.submit?.();
    },
  });
  const count = () => {
    counter.textContent = element.max_length ? `${field.value.length} / ${most}` : "";
    counter.classList.toggle("near", field.value.length > most * 0.9);
  };
  count();
  return make("div.text-field", {}, field, element.max_length && counter);
}

function drawDatePicker(block, element, surface, label, aria) {
  const field = make("input.text-input.date", {
    id: idOf(surface.id, block.block_id, element.action_id), type: "date", "aria-label": label,
    value: surface.value(block, element).selected_date ?? "", ...aria,
    onchange: () => busily(field, () => surface.enter(block, element, { value: field.value || null })),
  });
  return field;
}

/** A picture, if it is on this machine: the sandbox loads nothing from elsewhere. */
export function drawImage(_block, element) {
  const isHere = /^(data:image\/|http:\/\/127\.0\.0\.1[:/])/.test(element.image_url);
  if (isHere) return make("img", { src: element.image_url, alt: element.alt_text });
  return make("span.image", { role: "img", "aria-label": element.alt_text, title: element.image_url }, `🖼 ${element.alt_text}`);
}
