/** The wire: each request between Slack, the bot and the cloud. */

import { send } from "./api.js";
import { exactTime } from "./dates.js";
import { idOf, make, renew } from "./dom.js";
import { wake } from "./store.js";

let only = "all";
const FILTERS = { all: "Everything", Slack: "Slack ↔ bot", Cloud: "Bot → cloud" };

/** Renews the tab. */
export function renewWire(panel, exchanges) {
  const shown = exchanges.filter((one) => only === "all" || one.from === only || one.to === only);
  renew(panel, [
    { key: "filter", signature: only, draw: drawFilter },
    ...(shown.length ? [] : [{ key: "nothing", signature: "", draw: () => make("p.small", {}, "Nothing was sent yet.") }]),
    ...shown.map((one) => ({ key: one.id, signature: JSON.stringify(one), draw: () => drawExchange(one) })),
  ]);
}

function drawFilter() {
  const select = make("select", { id: "wire-filter", "aria-label": "What is shown", onchange: () => { only = select.value; wake(); } },
    Object.entries(FILTERS).map(([name, words]) => make("option", { value: name, selected: name === only }, words)));
  return make("div.wire-filter", {}, select, make("span.small", {}, "Newest first. Secrets are masked."));
}

function drawExchange(one) {
  const inside = make("div.said");
  const looks = one.status === null ? "none" : one.status < 400 ? "good" : "bad";
  const line = make("summary", { id: idOf("wire", one.id) },
    make("time", {}, exactTime(one.at)),
    make("span.way", {}, `${one.from} → ${one.to}`),
    make("span.what", { title: one.what }, one.what),
    one.milliseconds !== null && one.milliseconds !== undefined && make("span.took", {}, `${one.milliseconds} ms`),
    make("span.status", { class: looks }, one.status === null ? "no answer" : String(one.status)));
  return make("details.exchange", { ontoggle: (event) => event.currentTarget.open && show(one, inside) }, line, inside);
}

async function show(one, inside) {
  const said = await send("GET", `wire/${encodeURIComponent(one.id)}`);
  inside.replaceChildren(...drawSaid("Request", said.request), ...drawSaid("Answer", said.answer));
}

function drawSaid(title, text) {
  if (!text) return [make("p.small", {}, `${title}: nothing in it`)];
  return [make("h4", {}, title), make("pre", { tabindex: "0", role: "region", "aria-label": title }, text)];
}
