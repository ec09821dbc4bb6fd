/** The select menus of Block Kit, each as a combobox with its own source of options. */

import { combobox } from "./combobox.js";
import { idOf, make } from "./dom.js";
import { busily } from "./surface.js";
import { workspace } from "./store.js";

/** An option of Block Kit as a choice. */
function choiceOf(option, group = null) {
  return { key: option.value, text: option.text.text, description: option.description?.text, group, payload: option };
}

/** Those whose words have what was typed in them. */
function matching(choices, typed) {
  const wanted = typed.trim().toLowerCase();
  return choices.filter((one) => `${one.text} ${one.description ?? ""}`.toLowerCase().includes(wanted));
}

function conversationChoices(element) {
  const kinds = { public_channel: "public", private_channel: "private", im: "im" };
  return workspace()
    .conversations.filter((one) => one.is_offered && (element.filter?.include?.includes(kinds[one.kind]) ?? true))
    .map((one) => ({ key: one.id, text: one.kind === "im" ? one.name : `# ${one.name}`, payload: one.id,
      description: one.kind === "private_channel" ? "private" : undefined }));
}

function peopleChoices() {
  return workspace().people.map((one) => ({ key: one.id, text: one.real_name, description: `@${one.name}`, payload: one.id }));
}

function staticChoices(element) {
  if (element.options) return element.options.map((option) => choiceOf(option));
  return element.option_groups.flatMap((group) => group.options.map((option) => choiceOf(option, group.label.text)));
}

const byValue = (choice) => ({ value: choice.payload });

/** For each type: where its options come from, what is chosen now, and how a choice is told. */
const KINDS = {
  static_select: {
    all: staticChoices,
    chosen: (value) => value.selected_option && choiceOf(value.selected_option),
    entered: (choice) => ({ values: [choice.key] }),
  },
  external_select: {
    chosen: (value) => value.selected_option && choiceOf(value.selected_option),
    entered: (choice) => ({ options: [choice.payload] }),
  },
  multi_static_select: {
    all: staticChoices,
    several: (choices) => ({ values: choices.map((one) => one.key) }),
  },
  multi_external_select: {
    several: (choices) => ({ options: choices.map((one) => one.payload) }),
  },
  conversations_select: { all: conversationChoices, id: "selected_conversation", entered: byValue },
  channels_select: {
    all: () => conversationChoices({ filter: { include: ["public"] } }), id: "selected_channel", entered: byValue,
  },
  users_select: { all: peopleChoices, id: "selected_user", entered: byValue },
};

/** Whether an element is one of the select menus. */
export const isSelect = (element) => element.type in KINDS;

/**
 * Draws a select menu.
 * @param {object} block
 * @param {object} element
 * @param {import("./surface.js").Surface} surface
 * @param {string} label
 * @param {Record<string, string>} aria
 */
export function drawSelect(block, element, surface, label, aria) {
  const kind = KINDS[element.type];
  const tell = (field, entered) => busily(field, () => surface.enter(block, element, entered));
  const menu = { ...menuOf(block, element, surface), label, aria };
  if (kind.several) return drawSeveral(menu, surface.value(block, element), (field, choices) => tell(field, kind.several(choices)));
  return combobox({ ...menu, choose: (choice, field) => tell(field, kind.entered(choice)) });
}

/** What all menus are made of: where their options come from, and what is chosen if that is one. */
function menuOf(block, element, surface) {
  const kind = KINDS[element.type];
  const value = surface.value(block, element);
  const isExternal = !kind.all;
  const chosen = kind.id ? kind.all(element).find((one) => one.key === value[kind.id]) : kind.chosen?.(value);
  return {
    id: idOf(surface.id, block.block_id, element.action_id),
    placeholder: element.placeholder?.text ?? "Choose an option",
    chosen: chosen ?? null,
    source: isExternal
      ? async (typed) => (await surface.search(block, element, typed)).map((one) => choiceOf(one.option, one.group))
      : (typed) => matching(kind.all(element), typed),
    slow: isExternal,
    least: isExternal ? (element.min_query_length ?? 3) : 0,
  };
}

/** A menu of which several options may be chosen: each stands above the field, and can be taken back. */
function drawSeveral(menu, value, tell) {
  const several = (value.selected_options ?? []).map((option) => choiceOf(option));
  const without = (choice) => several.filter((one) => one.key !== choice.key);
  const toggled = (choice) => (without(choice).length < several.length ? without(choice) : [...several, choice]);
  const chips = several.map((one) =>
    make("li.chip", {}, one.text, make("button.tool", {
      id: idOf(menu.id, "without", one.key), type: "button", "aria-label": `Take back ${one.text}`,
      onclick: (event) => tell(event.currentTarget, without(one)),
    }, "✕")));
  return make("div.several", {},
    chips.length ? make("ul.chips", { "aria-label": `${menu.label}: chosen` }, chips) : "",
    combobox({ ...menu, several, choose: (choice, field) => tell(field, toggled(choice)) }));
}
