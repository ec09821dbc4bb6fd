/** Rich text: the block that Slack's own composer makes, also used in tables, plans and task cards. */

import { fullTime, writeDate } from "./dates.js";
import { make } from "./dom.js";
import { emoji } from "./emoji.js";
import { link, mention, mentionOfGroup, mentionOfPerson } from "./mrkdwn.js";
import { conversation } from "./store.js";

const PARTS = {
  rich_text_section: (part) => make("p", {}, part.elements.map(drawPiece)),
  rich_text_quote: (part) => make("blockquote", {}, part.elements.map(drawPiece)),
  rich_text_preformatted: (part) => make("pre", {}, part.elements.map(drawPiece)),
  rich_text_list: (part) =>
    make(part.style === "ordered" ? "ol" : "ul", { start: part.offset ? part.offset + 1 : null, "data-indent": part.indent },
      part.elements.map((item) => make("li", {}, item.elements.map(drawPiece)))),
};

/** A rich text block. */
export function drawRichText(block) {
  return make("div.rich-text", {}, block.elements.map((part) => PARTS[part.type]?.(part)));
}

/** One piece of it. */
function drawPiece(piece) {
  return styled(piece, inner(piece));
}

function inner(piece) {
  switch (piece.type) {
    case "text":
      return piece.text.split("\n").flatMap((line, place) => (place ? [make("br"), line] : [line]));
    case "link":
      return [link(piece.url, piece.text ?? piece.url)];
    case "user":
      return [mentionOfPerson(piece.user_id)];
    case "usergroup":
      return [mentionOfGroup(piece.usergroup_id)];
    case "channel":
      return [mention("#", conversation(piece.channel_id)?.name ?? piece.channel_id)];
    case "broadcast":
      return [mention("@", piece.range, true)];
    case "emoji":
      return [emoji(piece.name)];
    case "date":
      return [make("time", { title: fullTime(piece.timestamp) }, writeDate(piece.timestamp, piece.format))];
    default:
      return [`(${piece.type})`];
  }
}

const TAGS = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function styled(piece, nodes) {
  const names = Object.keys(TAGS).filter((name) => piece.style?.[name]);
  return names.reduce((inside, name) => [make(TAGS[name], {}, inside)], nodes);
}
