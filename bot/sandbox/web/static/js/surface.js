/**
 * What blocks are drawn on: a view or a message. It knows the current values and does what a person does there.
 *
 * @typedef {object} Surface
 * @property {"view"|"message"} kind
 * @property {string} id Of the view or the message: ids of elements begin with it.
 * @property {(block: object, element: object) => object} value The current value, as `view.state.values` has it.
 * @property {Record<string, string>} errors What is wrong, by `block_id`.
 * @property {(block: object, element: object, entered: object) => Promise<void>} enter Enters or chooses a value.
 * @property {(block: object, element: object, option?: string) => Promise<void>} press Presses a button.
 * @property {(block: object, element: object, typed: string) => Promise<object[]>} search Asks the app for options.
 * @property {() => void} [submit] Sends the form, as Enter in a text input does.
 *
 * What else happens to a view:
 * @typedef {object} Events
 * @property {() => void} [submit] It is sent.
 * @property {(block: object) => void} [entered] Something was entered in a block.
 */

import { does } from "./api.js";
import { announce } from "./dom.js";
import { TextBuffer } from "./text_buffer.js";

const INITIAL = {
  initial_value: "value",
  initial_option: "selected_option",
  initial_options: "selected_options",
  initial_conversation: "selected_conversation",
  initial_channel: "selected_channel",
  initial_user: "selected_user",
  initial_date: "selected_date",
};

let entering = Promise.resolve(); // what is chosen is told in order, and nothing of it is lost

/** Waits until all that was typed and chosen is told. */
export async function allEntered() {
  await TextBuffer.flush();
  await entering.catch(() => {});
}

/**
 * The surface of a view: a modal, or App Home.
 * @param {object} view
 * @param {Record<string, string>} errors
 * @param {Events} [events]
 */
export function viewSurface(view, errors, events = {}) {
  const place = (block, element) => ({ view: view.id, block_id: block.block_id, action_id: element.action_id });
  return {
    kind: "view",
    id: view.id,
    errors,
    submit: events.submit,
    value: (block, element) => view.state.values[block.block_id]?.[element.action_id] ?? {},
    async enter(block, element, entered) {
      events.entered?.(block);
      if (element.type !== "plain_text_input") await TextBuffer.flush();
      entering = entering.catch(() => {}).then(() => does("enter", { ...place(block, element), ...entered }));
      await entering;
    },
    async press(block, element, option) {
      await allEntered();
      await does("press", { ...place(block, element), option });
    },
    async search(block, element, typed) {
      return (await does("search", { ...place(block, element), typed })).offered;
    },
  };
}

/** The surface of a message, which may be shown in the conversation and in its thread at once. */
export function messageSurface(channel, message, inThread = false) {
  const use = (block, element, entered) =>
    does("use-message", { channel, ts: message.ts, block_id: block.block_id, action_id: element.action_id, ...entered });
  return {
    kind: "message",
    id: `${inThread ? "t" : "m"}${message.ts}`,
    errors: {},
    value: (_block, element) =>
      Object.fromEntries(Object.entries(INITIAL).filter(([name]) => name in element).map(([name, to]) => [to, element[name]])),
    enter: use,
    press: (block, element, option) => use(block, element, { value: option }),
    async search() {
      return [];
    },
  };
}

const deeds = new WeakMap(); // how many are under way at an element

/** Whether something is done at an element at the moment. */
export const isBusy = (element) => deeds.has(element);

/**
 * Does something that may take a moment, and shows it: the element is busy, and what went wrong stands beside it.
 * @param {HTMLElement} element
 * @param {() => Promise<unknown>} deed
 */
export async function busily(element, deed) {
  deeds.set(element, (deeds.get(element) ?? 0) + 1);
  element.setAttribute("aria-busy", "true");
  element.parentElement?.querySelector(":scope > .went-wrong")?.remove();
  try {
    await deed();
  } catch (error) {
    showTrouble(element, error);
  } finally {
    deeds.set(element, deeds.get(element) - 1);
    if (!deeds.get(element)) {
      deeds.delete(element);
      element.removeAttribute("aria-busy");
    }
  }
}

/** Shows what went wrong, right behind an element. */
function showTrouble(element, error) {
  const shown = document.createElement("span");
  shown.className = "went-wrong";
  shown.title = error.why ?? "";
  shown.textContent = `⚠️ ${error.message}`;
  element.after(shown);
  announce(error.message);
}
