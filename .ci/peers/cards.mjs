// Reads vCards from standard input with ical.js; prints what it understood as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.argv[2] + "/"));
const { default: ICAL } = await import(pathToFileURL(require.resolve("ical.js")));
let cards = ICAL.parse(readFileSync(0, "utf8"));
if (cards[0] === "vcard") cards = [cards];
const one = (card, name) => card.getFirstPropertyValue(name) ?? null;
const list = (value) => (value === null ? null : Array.isArray(value) ? value : [value]);
console.log(JSON.stringify(cards.map((jcard) => new ICAL.Component(jcard)).map((card) => ({
  uid: one(card, "uid"), fn: one(card, "fn"), n: list(one(card, "n")), nickname: one(card, "nickname"),
  org: list(one(card, "org")), title: one(card, "title"), note: one(card, "note"), url: one(card, "url"),
  tel: card.getAllProperties("tel").map((tel) => [tel.getParameter("type") ?? null, tel.getFirstValue()]),
  email: card.getAllProperties("email").map((email) => email.getFirstValue()),
}))));
