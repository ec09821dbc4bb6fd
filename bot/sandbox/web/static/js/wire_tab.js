/** The wire: each request between Slack, the bot and the cloud. */

import { send } from "./api.js";
import { exactTime } from "./dates.js";
import { idOf, make, renew } from "./dom.js";
import { wake } from "./store.js";

let only = "all";
const FILTERS = { all: "Everything", slack: "Slack ↔ bot", cloud: "Bot → cloud" };
const NAMES = { bot: "Bot", slack: "Slack", cloud: "Cloud" };

/** Renews the tab. */
export function renewWire(panel, exchanges) {
  const shown = exchanges.filter((one) => only === "all" || one.place === only);
  renew(panel, [
    { key: "filter", signature: only, draw: drawFilter },
    ...(shown.length ? [] : [{ key: "nothing", signature: "", draw: () => make("p.small", {}, "Nothing was sent yet.") }]),
    ...shown.map((one) => ({ key: `${one.place} ${one.number}`, signature: JSON.stringify(one), draw: () => drawExchange(one) })),
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
  const isRunning = one.milliseconds === null;
  const line = make("summary", { id: idOf("wire", one.place, one.number) },
    make("time", {}, exactTime(Date.parse(one.started_at) / 1000)),
    make("span.way", {}, `${NAMES[one.sender]} → ${NAMES[one.receiver]}`),
    make("span.what", { title: `${one.method} ${one.path}` }, `${one.method} ${shortened(one.path)}`),
    make("span.took", {}, isRunning ? "…" : `${one.milliseconds} ms`),
    make("span.status", { class: looks }, one.status === null ? (isRunning ? "at work" : "no answer") : String(one.status)));
  return make("details.exchange", { ontoggle: (event) => event.currentTarget.open && show(one, inside) }, line, inside);
}

/** A path that fits: without what is the same in all of them. */
function shortened(path) {
  return path
    .replace(/^\/api\//, "")
    .replace(/^\/([a-z]+)\/v1\.0\/\d+\//, (_, region) => `${region.toUpperCase()} `)
    .replace(/([0-9a-f]{8})-[0-9a-f-]{27}/, "$1…");
}

async function show(one, inside) {
  try {
    const { request, answer } = await send("GET", `wire/${one.place}/${one.number}`);
    inside.replaceChildren(...drawSaid("Request", request), ...drawSaid("Answer", answer));
  } catch (error) {
    inside.replaceChildren(make("p.small", {}, error.message));
  }
}

function drawSaid(title, said) {
  if (!said) return [make("p.small", {}, `${title}: none`)];
  const headers = Object.entries(said.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  const body = typeof said.body === "string" ? said.body : said.body === null ? "" : JSON.stringify(said.body, null, 2);
  return [make("h4", {}, title), make("pre", { tabindex: "0", role: "region", "aria-label": title }, [headers, body].filter(Boolean).join("\n\n"))];
}
