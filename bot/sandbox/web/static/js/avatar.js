/** Pictures of people and of the app: initials on a colour of their own. */

import { make } from "./dom.js";

const COLOURS = 6;

/** The picture of a person or of the app. */
export function avatar(who, size = "") {
  if (who.kind === "app") return make("img.avatar", { src: "icon.svg", alt: "", class: size });
  const initials = who.real_name.split(" ").map((word) => word[0]).slice(0, 2).join("");
  const colour = [...who.id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % COLOURS;
  return make("span.avatar", { class: `${size} colour-${colour}`, "aria-hidden": "true" }, initials);
}
