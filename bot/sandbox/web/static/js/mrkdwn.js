/** Slack's markup as elements: styles, code, quotes, links, mentions, dates, emoji. */

import { fullTime, writeDate } from "./dates.js";
import { make } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { conversation, me, person, workspace } from "./store.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const PIECE = /<([^<>\n]+)>|`([^`\n]+)`|(?<![\w*_~])([*_~])(?=\S)((?:<[^<>\n]+>|`[^`\n]+`|[^\n])+?)(?<=\S)\3(?![\w*_~])/g;

/**
 * A text in Slack's markup.
 * @param {string} text
 * @param {{verbatim?: boolean}} [options] Whether addresses in it stay words.
 * @returns {Node[]}
 */
export function mrkdwn(text, { verbatim = false } = {}) {
  return text.split(/```\n?([\s\S]+?)```/).flatMap((part, place) =>
    place % 2 ? [make("pre", {}, unescaped(part.replace(/\n$/, "")))] : paragraphs(part, verbatim),
  );
}

/** Lines and quotes. */
function paragraphs(text, verbatim) {
  const nodes = [];
  let quote = null;
  const lines = text.split("\n");
  lines.forEach((line, place) => {
    const quoted = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quoted) {
      if (quote) quote.append(make("br"));
      else nodes.push((quote = make("blockquote")));
      quote.append(...pieces(quoted[1], verbatim));
    } else {
      nodes.push(...pieces(line, verbatim));
      if (place < lines.length - 1) nodes.push(make("br"));
      quote = null;
    }
  });
  return nodes;
}

/** What is in one line. */
function pieces(line, verbatim) {
  const nodes = [];
  let end = 0;
  for (const match of line.matchAll(PIECE)) {
    const [whole, entity, code, mark, styled] = match;
    nodes.push(...words(line.slice(end, match.index), verbatim));
    if (entity !== undefined) nodes.push(drawEntity(entity));
    else if (code !== undefined) nodes.push(make("code", {}, unescaped(code)));
    else nodes.push(make(STYLES[mark], {}, pieces(styled, verbatim)));
    end = match.index + whole.length;
  }
  nodes.push(...words(line.slice(end), verbatim));
  return nodes;
}

/** Words without markup; addresses become links where Slack makes links of them. */
function words(text, verbatim) {
  if (!text) return [];
  if (verbatim) return [withEmoji(unescaped(text))];
  return text
    .split(/(https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)])/)
    .filter(Boolean)
    .map((one, place) => (place % 2 ? link(unescaped(one)) : withEmoji(unescaped(one))));
}

/** What stands between `<` and `>`. */
function drawEntity(entity) {
  const bar = entity.indexOf("|");
  const word = bar < 0 ? entity : entity.slice(0, bar);
  const label = bar < 0 ? null : unescaped(entity.slice(bar + 1));
  if (word.startsWith("@")) return mentionOfPerson(word.slice(1), label);
  if (word.startsWith("#")) return mention("#", label || conversation(word.slice(1))?.name || word.slice(1));
  if (word.startsWith("!date^")) return drawDate(word, label);
  if (word.startsWith("!subteam^")) return mentionOfGroup(word.split("^")[1], label);
  if (word.startsWith("!")) return mention("@", word.slice(1), true);
  return link(unescaped(word), label ? withEmoji(label) : undefined);
}

/** `<!date^seconds^pattern^link|fallback>` */
function drawDate(word, label) {
  const [, seconds, pattern, address] = word.split("^");
  const at = Number(seconds);
  if (!Number.isFinite(at) || !pattern) return label ?? word;
  const time = make("time", { datetime: new Date(at * 1000).toISOString(), title: fullTime(at) }, writeDate(at, unescaped(pattern)));
  return address ? link(unescaped(address), time) : time;
}

/** Somebody's name; one's own stands out. */
export function mentionOfPerson(id, label = null) {
  const known = person(id);
  return mention("@", known.name === id && label ? label.replace(/^@/, "") : known.name, id === me().id);
}

/** A user group's handle; that of one's own stands out. */
export function mentionOfGroup(id, label = null) {
  const known = workspace().groups.find((one) => one.id === id);
  return mention("@", (known?.name ?? label ?? id).replace(/^@/, ""), known?.is_mine);
}

/** A name with its sign. */
export function mention(sign, name, standsOut = false) {
  return make("span.mention", { class: standsOut ? "mine" : "" }, sign + name);
}

/** A link to the outside, if it is one that a browser may follow. */
export function link(address, label = address) {
  if (!/^(https?|mailto):/i.test(address)) return make("span", {}, label);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

/** A text with Slack's three escapes undone. */
export function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** A text that means itself in Slack's markup. */
export function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * A text object of Block Kit.
 * @param {{type: string, text: string, emoji?: boolean, verbatim?: boolean}} text
 * @returns {(Node|string)[]}
 */
export function drawText(text) {
  if (text.type === "mrkdwn") return mrkdwn(text.text, { verbatim: text.verbatim });
  return [text.emoji === false ? text.text : withEmoji(text.text)];
}
