/** Builds and renews the page's elements. Data only ever becomes text: nothing here reads markup. */

/**
 * Makes an element.
 * @param {string} tag Such as `button`, or `button.primary.wide` with its classes.
 * @param {Record<string, unknown>} [properties] `on…` are listeners, `data-…` and `aria-…` and all else attributes;
 *   null, undefined and false are left out.
 * @param {...(Node|string|null|undefined|false|Array)} children
 * @returns {HTMLElement}
 */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) set(element, key, value);
  element.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** Sets one property of an element, as `make` does. */
function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "value" || key === "checked") element[key] = value;
  else if (key === "class") element.classList.add(...value.split(" ").filter(Boolean));
  else element.setAttribute(key, value === true ? "" : String(value));
}

const drawn = new WeakMap();

/**
 * Renews what is in an element: what did not change stays the same node, with its focus and its scroll.
 * @param {HTMLElement} parent
 * @param {{key: string, signature: string, draw: () => Node}[]} items Each with a key of its own.
 */
export function renew(parent, items) {
  const before = drawn.get(parent) ?? new Map();
  const now = new Map();
  const focus = focusIn(before);
  for (const item of items) {
    const known = before.get(item.key);
    const stays = known && (known.signature === item.signature || isInUse(known.node));
    now.set(item.key, stays ? known : { signature: item.signature, node: item.draw() });
  }
  for (const [key, one] of before) if (now.get(key) !== one) one.node.remove();
  let next = parent.firstChild;
  for (const { node } of now.values()) {
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
  drawn.set(parent, now);
  focus?.(now);
}

/** Whether a person has something open in a node, such as a menu: it is left alone until that is closed. */
function isInUse(node) {
  if (node.querySelector(":popover-open")) return true;
  return node.contains(document.activeElement) && document.activeElement.getAttribute("aria-expanded") === "true";
}

/** Remembers where the focus is; gives what puts it back when its element was drawn again or is gone. */
function focusIn(before) {
  const active = document.activeElement;
  const keys = [...before.keys()];
  const place = keys.findIndex((key) => before.get(key).node.contains(active));
  if (place < 0) return null;
  const { id, selectionStart, selectionEnd } = active;
  return (now) => {
    if (document.activeElement === active) return;
    const again = active.isConnected ? active : id && document.getElementById(id);
    again?.focus?.();
    if (typeof selectionStart === "number") again?.setSelectionRange?.(selectionStart, selectionEnd);
    if (!document.activeElement || document.activeElement === document.body) focusAfter(keys.slice(0, place).reverse(), now);
  };
}

/** Puts the focus behind the first of these items that is still there, or else before it: nobody has to begin anew. */
function focusAfter(keys, now) {
  const place = [...now.keys()].indexOf(keys.find((key) => now.has(key))) + 1;
  const nodes = [...now.values()].map(({ node }) => node);
  const near = [...nodes.slice(place), ...nodes.slice(0, place).reverse()];
  for (const one of near.flatMap((node) => [node, ...node.querySelectorAll("*")])) {
    if (one.tabIndex >= 0) one.focus();
    if (document.activeElement === one) return;
  }
}

/** Says something to people who listen to the page. */
export function announce(words) {
  document.getElementById("announcer").textContent = words;
}

/** An id that can stand in an attribute, out of anything. */
export function idOf(...parts) {
  return parts.join("-").replace(/[^\w-]/g, (one) => `_${one.codePointAt(0)}`);
}
