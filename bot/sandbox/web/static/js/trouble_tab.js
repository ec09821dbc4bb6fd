/** The switches for trouble: what the cloud and Slack do wrong on demand, and a bot that crashes. */

import { send } from "./api.js";
import { announce, make, renew } from "./dom.js";

const FAULTS = {
  400: "400 badRequest", 401: "401 unauthorized", 403: "403 forbidden", 404: "404 itemNotFound", 405: "405 badMethod",
  413: "413 overLimit", 415: "415 badMediaType", 422: "422 unprocessableEntity", 500: "500 instanceFault",
  501: "501 notImplemented", 503: "503 serviceUnavailable",
};
const OPERATIONS = { copy: "the request for a copy", list: "the list of backups", show: "a look at one backup", token: "the login", "": "any request" };
const TIMES = { 1: "once", 3: "three times", 1000: "until it is lifted" };
const CLOUD = {
  slow: ["Go slow (2 s)", { seconds: 2 }], lose_answer: ["Lose the answer", {}], cut_connection: ["Cut the connection", {}],
};
const ENDS = { FAILED: "The copy fails", COPY_ERROR: "Its source says COPY_ERROR", NOTHING: "Nothing arrives", NEVER: "It never ends" };
const SLACK = {
  rate_limit: ["Too many requests (429, 3 s)", { retry_after: 3 }], slow: ["Go slow (3 s)", { seconds: 3 }],
  lose_answer: ["Lose the answer", {}], cut_connection: ["Cut the connection", {}], server_error: ["Answer 500", {}],
  refuse: ["Refuse (internal_error)", { error: "internal_error" }],
};
const METHODS = ["*", "chat.postMessage", "chat.update", "views.open", "views.update"];

/** Renews the tab. */
export function renewTrouble(panel, { on, token_error: revoked, bot }) {
  renew(panel, [
    { key: "on", signature: JSON.stringify([on, revoked]), draw: () => drawOn(on, revoked) },
    { key: "bot", signature: bot, draw: () => drawBot(bot) },
    { key: "cloud", signature: "", draw: drawCloud },
    { key: "slack", signature: String(revoked), draw: () => drawSlack(revoked) },
  ]);
}

function drawOn(on, revoked) {
  const isOn = on.length > 0 || revoked;
  return make("section.tile.on", { class: isOn ? "trouble-on" : "", "aria-label": "Trouble that is on" },
    make("h3", {}, isOn ? "Trouble that is on" : "No trouble at the moment"),
    isOn && make("ul", {}, on.map((one) => make("li", {}, `${one.where} ${one.harm}: ${one.concerns}, ${times(one.left)}`)),
      revoked && make("li", {}, `Slack refuses the bot’s token: ${revoked}`)),
    isOn && make("button.button.small", { id: "trouble-lift", type: "button", onclick: lift }, "Lift it all"));
}

async function lift() {
  await turn("DELETE", "cloud/control/trouble");
  await turn("DELETE", "slack/control/trouble");
}

const times = (left) => (left === null || left > 100 ? "until it is lifted" : left === 1 ? "once more" : `${left} times more`);

function drawBot(bot) {
  const words = { running: "The bot is running", starting: "The bot is starting …", crashed: "The bot is not running" }[bot];
  return make("section.tile", { "aria-label": "The bot" }, make("h3", {}, make("i.lamp", { class: bot, "aria-hidden": "true" }), words),
    make("p.small", {}, "A crash is a kill -9 of its process: it can finish nothing. Copies go on in the cloud."),
    make("div.buttons", {},
      make("button.button.small.danger", { id: "bot-crash", type: "button", disabled: bot !== "running", onclick: () => turn("POST", "bot/crash") }, "Crash it"),
      make("button.button.small", { id: "bot-start", type: "button", disabled: bot !== "crashed", onclick: () => turn("POST", "bot/start") }, "Start it again")));
}

function drawCloud() {
  const status = choice("Answer with", "cloud-fault", FAULTS, "503");
  const operation = choice("To", "cloud-operation", OPERATIONS, "copy");
  const often = choice("How often", "cloud-times", TIMES, "1");
  const end = choice("The next copy", "copy-end", ENDS, "FAILED");
  const which = () => ({ times: Number(often.select.value), operation: operation.select.value || null });
  return make("section.tile", { "aria-label": "Cloud Databases" }, make("h3", {}, "Cloud Databases"),
    make("div.choices", {}, operation.row, often.row, status.row),
    make("div.buttons", {},
      act("cloud-refuse", "Refuse", () => turn("POST", "cloud/control/trouble/refuse", { ...which(), status: Number(status.select.value) })),
      Object.entries(CLOUD).map(([kind, [words, more]]) => act(`cloud-${kind}`, words, () => turn("POST", `cloud/control/trouble/${kind}`, { ...which(), ...more }))),
      act("cloud-revoke", "Revoke all tokens", () => turn("POST", "cloud/control/trouble/revoke_tokens"))),
    make("div.choices", {}, end.row), make("div.buttons", {},
      act("copy-ends", "Let it end so", () => turn("POST", "cloud/control/trouble/fail_copies", { times: 1, ends: end.select.value }))));
}

function drawSlack(revoked) {
  const kind = choice("What", "slack-kind", Object.fromEntries(Object.entries(SLACK).map(([name, [words]]) => [name, words])), "rate_limit");
  const method = choice("To", "slack-method", Object.fromEntries(METHODS.map((one) => [one, one === "*" ? "any call" : one])), "*");
  const strike = (often) => turn("POST", `slack/control/trouble/${kind.select.value}`,
    { ...SLACK[kind.select.value][1], method: method.select.value, times: often });
  return make("section.tile", { "aria-label": "Slack" }, make("h3", {}, "Slack"),
    make("div.choices", {}, method.row, kind.row),
    make("div.buttons", {},
      act("slack-strike", "Once", () => strike(1)),
      act("slack-strike-thrice", "Three times", () => strike(3)),
      !revoked && act("slack-token", "Revoke the bot’s token", () => turn("POST", "slack/control/trouble/revoke_token"))));
}

function choice(label, id, options, chosen) {
  const select = make("select", { id }, Object.entries(options).map(([value, words]) => make("option", { value, selected: value === chosen }, words)));
  return { select, row: make("div.choice", {}, make("label", { for: id }, label), select) };
}

function act(id, words, onclick) {
  return make("button.button.small", { id, type: "button", onclick }, words);
}

async function turn(method, path, content) {
  try {
    await send(method, path, content);
  } catch (error) {
    announce(error.message);
  }
}
