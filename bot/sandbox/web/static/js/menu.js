/** A menu that a button opens. */

const GAP = 4; // pixels between a button and its menu

/** Lets a menu (a popover) open beside its button: below it, or above it where there is more room. */
export function opensAt(menu, button) {
  menu.addEventListener("beforetoggle", () => { menu.style.visibility = "hidden"; }); // its size is known once it is open
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") place(menu, button.getBoundingClientRect());
  });
  return menu;
}

function place(menu, button) {
  const { width, height } = menu.getBoundingClientRect();
  const isAbove = innerHeight - button.bottom < height + GAP && button.top > innerHeight - button.bottom;
  const left = Math.max(GAP, Math.min(button.left, innerWidth - width - GAP));
  Object.assign(menu.style, { visibility: "visible", left: `${left}px`, top: `${isAbove ? button.top - height - GAP : button.bottom + GAP}px` });
}
