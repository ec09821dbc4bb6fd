/** Light, dark, or as the machine is set. */

const ORDER = ["auto", "light", "dark"];

/** What is chosen now. */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  return ORDER.includes(chosen) ? chosen : "auto";
}

/** Takes what was chosen last in this browser. */
export function restoreTheme() {
  try {
    document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto";
  } catch {
    document.documentElement.dataset.theme = "auto"; // the browser keeps nothing
  }
}

/** Goes on to the next one. */
export function nextTheme() {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length];
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("theme", next);
  } catch {
    // the browser keeps nothing: it is chosen for now
  }
}
