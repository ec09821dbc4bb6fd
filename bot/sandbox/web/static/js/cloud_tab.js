/** The cloud: which backup is in which region, what it was made from, and what is being copied. */

import { send } from "./api.js";
import { ago } from "./dates.js";
import { make, renew } from "./dom.js";

const SIGNS = { COMPLETED: "●", COPYING: "◉", NEW: "◌", BUILDING: "◐", FAILED: "✕", COPY_ERROR: "!", DELETE_FAILED: "✕" };
const SPEEDS = [1, 10, 60, 300, 1000];
const AHEAD = [["1 hour", 3600], ["1 day", 86400]];

/** Renews the tab. */
export function renewCloud(panel, { speed, regions, databases, copies }) {
  renew(panel, [
    { key: "clock", signature: String(speed), draw: () => drawClock(speed) },
    { key: "copies", signature: JSON.stringify(copies), draw: () => drawCopies(copies) },
    { key: "legend", signature: "", draw: drawLegend },
    ...databases.map((one) => ({ key: `database ${one.id}`, signature: JSON.stringify([one, regions]), draw: () => drawDatabase(one, regions) })),
  ]);
}

function drawClock(speed) {
  const choices = SPEEDS.includes(speed) ? SPEEDS : [...SPEEDS, speed].sort((one, other) => one - other);
  const select = make("select", { id: "clock-speed", onchange: () => send("PATCH", "cloud/control/clock", { speed: Number(select.value) }) },
    choices.map((one) => make("option", { value: one, selected: one === speed }, one === 1 ? "as slow as true ones" : `${one} times faster`)));
  return make("section.tile", { "aria-label": "Clock" },
    make("label", { for: "clock-speed" }, "Copies run "), select,
    make("div.buttons", {}, make("span", {}, "Move the cloud’s clock on:"), AHEAD.map(([words, seconds]) =>
      make("button.button.small", { id: `ahead-${seconds}`, type: "button", onclick: () => send("PATCH", "cloud/control/clock", { advance: seconds }) }, words))));
}

function drawCopies(copies) {
  const words = copies.length ? `Being copied now: ${copies.length}` : "Nothing is being copied at the moment.";
  return make("section.tile.copies", { "aria-label": "Copies" }, make("h3", {}, words), copies.map((one) => {
    const done = `${Math.round(one.progress * 100)} %`;
    return make("div.copy", {},
      make("div.copy-words", {}, make("span.copy-name", { title: one.id }, one.name), make("span.way", {}, `${one.from} → ${one.to}`), make("span.done", {}, done)),
      make("progress", { max: 1, value: one.progress, "aria-label": `${one.name} to ${one.to}` }));
  }));
}

function drawLegend() {
  return make("p.legend", {}, "Rows are backups, each below the one it was made from. ",
    ["COMPLETED", "COPYING", "NEW", "BUILDING", "FAILED"].map((one) => make("span", {}, make("i.dot", { class: one }, SIGNS[one]), ` ${one.toLowerCase()} `)));
}

function drawDatabase(one, regions) {
  return make("section.database", {}, make("h3", { title: one.id }, one.name || "backups"),
    make("div.map", { tabindex: "0", role: "region", "aria-label": `${one.name} in the regions` }, make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, make("span.unseen", {}, "Backup")), regions.map((region) => make("th", { scope: "col" }, region)))),
      make("tbody", {}, one.backups.map((backup) => drawBackup(backup, regions, one.name))))));
}

function drawBackup(backup, regions, database) {
  const short = backup.name.startsWith(`${database}-`) ? backup.name.slice(database.length + 1) : backup.name;
  const size = backup.size === null ? "" : `${backup.size} GB`;
  const kind = backup.is_incremental ? "incremental" : "full";
  const details = `${backup.name} · ${kind} · ${size} · ${ago(backup.created)}${backup.is_orphan ? " · its parent is gone" : ""}`;
  const tree = make("span.tree", { "aria-hidden": "true" }, backup.depth ? "└" : "");
  tree.style.marginInlineStart = `${Math.min(backup.depth, 8) * 6}px`;
  return make("tr", {}, make("th", { scope: "row", title: details, class: kind },
    make("span.backup", {}, tree, make("span.name", {}, short), backup.is_orphan && make("span.orphan", { title: "its parent is gone" }, "⚠"))),
    regions.map((region) => make("td", {}, backup.regions[region] && drawPlace(backup.regions[region], region))));
}

function drawPlace(there, region) {
  const isArriving = there.progress !== null;
  const words = isArriving ? `${there.status}, ${Math.round(there.progress * 100)} %` : there.status;
  const dot = make("i.dot", { class: `${there.status} ${isArriving ? "arriving" : ""}`, role: "img", "aria-label": words, title: `${region}: ${words}\n${there.id ?? ""}` },
    isArriving ? "" : (SIGNS[there.status] ?? "?"));
  if (isArriving) dot.style.setProperty("--progress", `${Math.round(there.progress * 100)}%`);
  return dot;
}
