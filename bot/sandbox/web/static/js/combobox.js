/** A menu that is typed into: options in groups, with descriptions, by mouse and by keyboard. */

import { idOf, make } from "./dom.js";
import { wake } from "./store.js";

const PAUSE = 180; // milliseconds without a key before the options are asked for

/**
 * @typedef {{key: string, text: string, description?: string, group?: string|null, payload: unknown}} Choice
 *
 * @param {object} wanted
 * @param {string} wanted.id Of the field.
 * @param {string} wanted.label What the field is called, for screen readers.
 * @param {string} wanted.placeholder
 * @param {Choice|null} wanted.chosen
 * @param {Choice[]} [wanted.several] What is chosen where that may be several: the field itself stays empty.
 * @param {(typed: string) => Promise<Choice[]>|Choice[]} wanted.source Gives what is offered.
 * @param {boolean} wanted.slow Whether the options are asked from the app.
 * @param {number} [wanted.least] How many characters have to be typed first.
 * @param {(choice: Choice) => Promise<void>} wanted.choose
 * @param {Record<string, string>} [wanted.aria] Further attributes of the field.
 * @returns {HTMLElement}
 */
export function combobox(wanted) {
  return new Combobox(wanted).element;
}

class Combobox {
  #wanted;
  #choices = [];
  #active = -1;
  #asked = 0;
  #timer = 0;
  #opening = Promise.resolve();
  #isChoosing = false; // Enter was pressed, and what was typed is not found yet

  constructor(wanted) {
    this.#wanted = wanted;
    const listId = idOf(wanted.id, "list");
    this.input = make("input.combobox-input", {
      id: wanted.id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
      "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list", "aria-label": wanted.label,
      placeholder: wanted.placeholder, value: this.#text, ...wanted.aria,
      onclick: () => this.#open(""), oninput: () => this.#type(), onkeydown: (event) => this.#key(event),
      onblur: () => this.#isChoosing || this.#close(),
    });
    this.list = make("div.options", { id: listId, role: "listbox", "aria-label": wanted.label, hidden: true,
      onmousedown: (event) => event.preventDefault() });
    this.element = make("div.combobox", {}, this.input, make("span.chevron", { "aria-hidden": "true" }), this.list);
  }

  get #isOpen() {
    return !this.list.hidden;
  }

  /** What stands in the field when nobody types. */
  get #text() {
    return this.#wanted.several ? "" : (this.#wanted.chosen?.text ?? "");
  }

  #isChosen(choice) {
    const chosen = this.#wanted.several ?? [this.#wanted.chosen];
    return chosen.some((one) => one?.key === choice.key);
  }

  #type() {
    const typed = this.input.value;
    if (!this.#wanted.slow) return this.#open(typed);
    clearTimeout(this.#timer);
    this.#asked += 1; // what was asked for earlier is no answer to this, and must not be clicked
    if (this.#isOpen) this.#say("Loading…");
    this.#timer = setTimeout(() => this.#open(typed), PAUSE);
    return undefined;
  }

  /** Chooses of the options of what was typed last: who is quick with Enter means those, and may go on at once. */
  async #chooseSoon() {
    this.#isChoosing = true;
    if (this.#timer) this.#open(this.input.value);
    await this.#opening;
    this.#isChoosing = false;
    if (this.#choices[this.#active]) return this.#choose(this.#active);
    if (document.activeElement !== this.input) this.#close();
    return undefined;
  }

  #open(typed) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#opening = this.#offer(typed);
  }

  async #offer(typed) {
    const asked = ++this.#asked;
    if (!this.#isOpen && typed === "") this.input.select();
    this.input.setAttribute("aria-expanded", "true");
    this.list.hidden = false;
    this.#placeList();
    if (typed.length < (this.#wanted.least ?? 0)) return this.#say(`Type at least ${this.#wanted.least} characters`);
    if (this.#wanted.slow) this.#say("Loading…");
    try {
      const choices = await this.#wanted.source(typed);
      if (asked === this.#asked && this.#isOpen) this.#show(choices);
    } catch (error) {
      if (asked === this.#asked) this.#say(`${error.message}`, error.why);
    }
  }

  #close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#asked += 1;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.input.value = this.#text;
    setTimeout(wake); // what was left alone while it was open, once the focus is where it goes
  }

  /** Below the field, or above it where there is more room. */
  #placeList() {
    const field = this.input.getBoundingClientRect();
    const below = innerHeight - field.bottom;
    const above = below < 260 && field.top > below;
    Object.assign(this.list.style, {
      left: `${field.left}px`, width: `${field.width}px`,
      top: above ? "auto" : `${field.bottom + 4}px`, bottom: above ? `${innerHeight - field.top + 4}px` : "auto",
      maxHeight: `${Math.min(340, (above ? field.top : below) - 16)}px`,
    });
  }

  #say(words, why = "") {
    this.#choices = [];
    this.#activate(-1);
    this.list.replaceChildren(make("div.options-note", { role: "option", "aria-disabled": "true", title: why }, words));
  }

  #show(choices) {
    this.#choices = choices;
    if (!choices.length) return this.#say("No matches");
    const groups = Map.groupBy ? Map.groupBy(choices, (one) => one.group ?? "") : grouped(choices);
    let number = 0;
    const drawn = [...groups].map(([group, members], place) => {
      const options = members.map((one) => this.#drawOption(one, number++));
      if (!group) return options;
      const headingId = idOf(this.list.id, "group", place);
      return make("div", { role: "group", "aria-labelledby": headingId },
        make("div.options-group", { id: headingId, role: "presentation" }, group), options);
    });
    this.list.replaceChildren(...drawn.flat());
    const chosen = choices.findIndex((one) => this.#isChosen(one));
    this.#activate(Math.max(chosen, 0));
  }

  #drawOption(choice, number) {
    return make("div.option", {
      id: idOf(this.list.id, number), role: "option", "aria-selected": String(this.#isChosen(choice)),
      onclick: () => this.#choose(number), onmousemove: () => this.#activate(number, false),
    }, make("span.option-text", {}, choice.text),
      choice.description && make("span.option-description", {}, choice.description));
  }

  #activate(number, scroll = true) {
    this.list.querySelector(".active")?.classList.remove("active");
    this.#active = number;
    const option = document.getElementById(idOf(this.list.id, number));
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    option.classList.add("active");
    this.input.setAttribute("aria-activedescendant", option.id);
    if (scroll) option.scrollIntoView({ block: "nearest" });
  }

  async #choose(number) {
    const choice = this.#choices[number];
    if (!choice) return;
    if (!this.#wanted.several) this.#wanted.chosen = choice;
    this.#close();
    await this.#wanted.choose(choice, this.input);
  }

  #key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in moves) {
      event.preventDefault();
      if (!this.#isOpen) return this.#open("");
      const last = this.#choices.length - 1;
      this.#activate(Math.min(Math.max(this.#active + moves[event.key], 0), last));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.#isOpen) this.#chooseSoon();
      else this.#open("");
    } else if (event.key === "Escape" && this.#isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
    return undefined;
  }
}

/** Choices by their group, in order. */
function grouped(choices) {
  const groups = new Map();
  for (const one of choices) groups.set(one.group ?? "", [...(groups.get(one.group ?? "") ?? []), one]);
  return groups;
}
