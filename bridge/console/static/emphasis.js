// Words that a cook must not miss. Only ever adds emphasis; no text is left out or changed.

const DANGER =
  /(?:allerg|alerg|anaphyla|anafila|epi-?pen|c(?:o)?eliac|cel[ií]ac|zöliakie|intoleran|unverträglich)[\p{L}\p{M}-]*/giu;
const ALLERGENS =
  /(?<![\p{L}])(?:pea)?(?:nuts?|n[uü]sse?|nueces|nuez|noix)(?![\p{L}])|(?<![\p{L}])(?:peanuts?|almonds?|cashews?|walnuts?|hazelnuts?|pistachios?|pecans?|gluten|wheat|dairy|lactose|milk|eggs?|soya?|sesame|shellfish|crustaceans?|shrimps?|prawns?|molluscs?|fish|celery|mustard|lupin|sulphites?|sulfites?)(?:-free)?(?![\p{L}])/giu;
const REMOVAL = /^\s*(?:no|non|without|w\/o|hold|remove|omit|sin|sans|ohne|senza|sem)(?:\s|$)/iu;

/** True if the text says that somebody could be harmed. */
export function isDanger(text) {
  return text.search(DANGER) >= 0;
}

/** True for a modifier that takes something away ("No onion"). */
export function isRemoval(text) {
  return REMOVAL.test(text);
}

/** The text in pieces, in order: [{text, loud}]. */
export function pieces(text) {
  const found = [...text.matchAll(DANGER), ...text.matchAll(ALLERGENS)]
    .map((match) => [match.index, match.index + match[0].length])
    .sort((one, other) => one[0] - other[0]);
  const parts = [];
  let at = 0;
  for (const [from, to] of found) {
    if (from < at) continue;
    if (from > at) parts.push({ text: text.slice(at, from), loud: false });
    parts.push({ text: text.slice(from, to), loud: true });
    at = to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), loud: false });
  return parts;
}
