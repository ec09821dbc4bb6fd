/** The box that messages and slash commands are typed into. */

import { Refused, does } from "./api.js";
import { announce, idOf, make } from "./dom.js";
import { escaped } from "./mrkdwn.js";
import { change, ui, workspace } from "./store.js";

/**
 * Makes a composer.
 * @param {object} wanted
 * @param {string} wanted.id Its ids begin with it.
 * @param {() => string} wanted.channel The id of the conversation it writes to.
 * @param {() => string|null} wanted.thread The message that it replies to.
 * @param {boolean} wanted.takesCommands
 */
export function composer(wanted) {
  return new Composer(wanted);
}

class Composer {
  #wanted;
  #offered = [];
  #active = 0;

  constructor(wanted) {
    this.#wanted = wanted;
    const { id } = wanted;
    this.text = make("textarea.composer-text", {
      id: `${id}-text`, rows: 1, "aria-label": "Message", autocomplete: "off",
      oninput: () => this.#changed(), onkeydown: (event) => this.#key(event), onblur: () => this.#offer([]),
    });
    if (wanted.takesCommands) {
      const combobox = { role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": `${id}-commands` };
      for (const [name, value] of Object.entries(combobox)) this.text.setAttribute(name, value);
    }
    this.list = make("div.completions", { id: `${id}-commands`, role: "listbox", "aria-label": "Commands", hidden: true,
      onmousedown: (event) => event.preventDefault() });
    this.notice = make("div.notice", { role: "alert", hidden: true });
    this.send = make("button.send", { type: "button", "aria-label": "Send", title: "Send", disabled: true, onclick: () => this.#submit() }, "➤");
    const tools = make("div.composer-tools", {}, wanted.takesCommands && this.#shortcuts(), make("span.composer-hint", {},
      wanted.takesCommands ? "Type / for commands. Enter sends, Shift+Enter makes a new line" : "Enter sends"), this.send);
    this.element = make("div.composer", {}, this.notice, this.list, make("div.composer-box", {}, this.text, tools));
  }

  /** What stands in the empty box. */
  set placeholder(words) {
    if (this.text.placeholder === words) return;
    this.text.placeholder = words;
    this.text.setAttribute("aria-label", words);
  }

  #shortcuts() {
    const menu = make("div.menu", { id: idOf(this.#wanted.id, "shortcuts"), popover: "auto" });
    menu.addEventListener("beforetoggle", () => menu.replaceChildren(
      make("div.menu-heading", {}, "Shortcuts"),
      ...workspace().app.shortcuts.map((one) =>
        make("button.menu-item", { type: "button", onclick: () => { menu.hidePopover(); this.#do(() => does("shortcut", { name: one.name }), one.name); } },
          make("strong", {}, one.name), make("span.small", {}, one.description)))));
    return [make("button.tool", { type: "button", popovertarget: menu.id, "aria-label": "Shortcuts", title: "Shortcuts" }, "⚡"), menu];
  }

  #changed() {
    this.send.disabled = !this.text.value.trim();
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 180)}px`;
    const typed = this.text.value;
    const commands = this.#wanted.takesCommands && /^\/\S*$/.test(typed) ? workspace().app.commands : [];
    this.#offer(commands.filter((one) => one.command.startsWith(typed)));
  }

  #offer(commands) {
    this.#offered = commands;
    this.#active = 0;
    this.list.hidden = !commands.length;
    if (this.#wanted.takesCommands) this.text.setAttribute("aria-expanded", String(commands.length > 0));
    this.list.replaceChildren(...commands.map((one, number) =>
      make("div.completion", { id: idOf(this.list.id, number), role: "option", "aria-selected": "false", onclick: () => this.#complete(number) },
        make("div", {}, make("strong", {}, one.command), " ", make("span.usage", {}, one.usage_hint ?? "")),
        make("div.small", {}, `${one.description} · ${workspace().app.name}`))));
    this.#mark();
  }

  #mark() {
    [...this.list.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === this.#active)));
    const active = this.list.children[this.#active];
    if (active) this.text.setAttribute("aria-activedescendant", active.id);
    else this.text.removeAttribute("aria-activedescendant");
  }

  #complete(number) {
    this.text.value = `${this.#offered[number].command} `;
    this.text.focus();
    this.#changed();
  }

  #key(event) {
    if (event.isComposing) return;
    const isOpen = this.#offered.length > 0;
    const isWhole = isOpen && this.#offered.some((one) => one.command === this.text.value);
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (isOpen && move) {
      event.preventDefault();
      this.#active = (this.#active + move + this.#offered.length) % this.#offered.length;
      this.#mark();
    } else if (isOpen && (event.key === "Tab" || (event.key === "Enter" && !isWhole))) {
      event.preventDefault();
      this.#complete(this.#active);
    } else if (isOpen && event.key === "Escape") {
      this.#offer([]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
  }

  #submit() {
    const typed = this.text.value.trim();
    if (!typed) return;
    const isCommand = typed.startsWith("/");
    this.text.value = "";
    this.#changed();
    const text = isCommand ? typed : escaped(typed);
    this.#do(() => does("say", { channel: this.#wanted.channel(), text, thread_ts: this.#wanted.thread() }), isCommand ? typed.split(" ")[0] : "");
  }

  async #do(deed, name) {
    this.notice.hidden = true;
    this.element.setAttribute("aria-busy", "true");
    try {
      await deed();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#tell(/^[a-z_]+$/.test(error.message) ? `${name} failed with the error “${error.message}”.` : error.message, error.why);
    } finally {
      this.element.removeAttribute("aria-busy");
    }
  }

  #tell(words, why) {
    const dismiss = make("button.link", { type: "button", onclick: () => { this.notice.hidden = true; this.text.focus(); } }, "Dismiss");
    this.notice.replaceChildren(make("span.avatar.slackbot", { "aria-hidden": "true" }, "S"), make("div", {},
      make("strong", {}, "Slackbot"), make("p", {}, words), why && make("p.small", {}, why), dismiss));
    this.notice.hidden = false;
    announce(words);
  }
}

/** Where a person is, for the composer of the conversation. */
export const here = () => ui.place;
/** Shows nothing of a thread any more. */
export const closeThread = () => change({ thread: null });
