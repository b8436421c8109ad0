// The page of evidence: it checks the bundle that it carries, says the verdict, and then tells the
// calls out of the bytes that it checked. Before that, the report is only what somebody wrote.

import { shown } from "../verifier/attestation.js";
import { base64, count, partition } from "../verifier/text.js";
import { check, UNCHECKED } from "../verifier/verifier.js";
import { Zip } from "../verifier/zip.js";
import { told, visible } from "./told.js";

/** @typedef {import("../verifier/verifier.js").Report} Report */
/** @typedef {import("../verifier/bundle.js").Bundle} Bundle */

// How many calls are told at once.
const AT_ONCE = 500;
const LARGEST_KEY_FILE = 100000;
const STATEMENT_NAMES = 15;

/** @param {string} id @returns {any} */
const at = (id) => document.getElementById(id);

/** @param {string} name @param {Record<string, string>} attributes @param {...(Node | string)} children */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** @type {Uint8Array | null} */
let bytes = null;
/** @type {Zip | null} */
let zip = null;
/** @type {boolean | null} */
let isHonest = null;

/** The bundle's bytes, which stand in the page as base64. @returns {Uint8Array} */
function embedded() {
  bytes ??= base64(at("bundle").textContent.replaceAll("\n", ""), "the bundle in this page");
  return bytes;
}

// The report as it stands in this page, which is told anew after the check.
const WRITTEN = at("report").outerHTML;
// In pieces: what reads a page from outside looks for the whole mark, which stands in it once.
const MARKS = ["<main " + 'id="report">', "</main>"];

/** Is the report that stands here the one in the bundle? @param {Zip} zip */
function isReportOfBundle(zip) {
  const html = new TextDecoder().decode(zip.read("report.html"));
  const inside = partition(partition(html, MARKS[0])[2], MARKS[1])[0];
  const other = new DOMParser().parseFromString(MARKS[0] + inside + MARKS[1], "text/html").getElementById("report");
  return other !== null && document.querySelectorAll("main").length === 1 && other.outerHTML === WRITTEN;
}

let turn = 0;

/** @param {string[]} keys @param {Uint8Array} [policy] */
async function run(keys, policy) {
  const mine = ++turn;
  const current = () => mine === turn;
  at("progress").hidden = false;
  at("progress").removeAttribute("value");
  say("CHECKING", "the bundle is unpacked", "");
  await new Promise((resolve) => setTimeout(resolve, 0));
  const found = await judged(keys, {
    step: (text) => current() && (at("message").textContent = text),
    progress: (done, all) => current() && Object.assign(at("progress"), { max: all, value: done }),
    policy,
  });
  if (!current()) return;
  at("progress").hidden = true;
  show(found);
}

/** @param {string[]} keys @param {import("../verifier/verifier.js").Options} options @returns {Promise<Report>} */
async function judged(keys, options) {
  const altered = (/** @type {string} */ message) => ({ verdict: "TAMPERED", holds: false, message, hint: null, line: "", statement: [] });
  try {
    // Neither changes while the page is open, whatever keys are tried.
    zip ??= new Zip(embedded());
    isHonest ??= isReportOfBundle(zip);
    if (!isHonest) return altered("the report on this page is not the one in its bundle");
    return await check(zip, keys, options);
  } catch (error) {
    return altered(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} word @param {string} message @param {string} mood */
function say(word, message, mood) {
  at("word").textContent = word;
  at("message").textContent = visible(message);
  at("verification").className = mood;
}

/** @param {Report} found */
function show(found) {
  const word = found.holds ? found.line.slice(0, found.line.indexOf(":")) : found.verdict;
  say(word, found.message, found.holds ? "good" : found.verdict === "UNTRUSTED-KEY" || found.verdict === UNCHECKED ? "open" : "bad");
  document.title = `${word} · ${TITLE}`;
  at("hint").textContent = found.hint ?? "";
  at("statement").hidden = !found.holds;
  at("facts").replaceChildren(...facts(found.statement));
  if (found.bundle) tellAll(found.bundle);
}

const TITLE = document.title;

/** The statement as a list of terms. @param {string[]} lines */
function facts(lines) {
  const named = lines.slice(1).map((line) => [line.slice(0, STATEMENT_NAMES).trim(), line.slice(STATEMENT_NAMES)]);
  const all = lines.length ? [["attested", lines[0].replace(/:$/, "")], ...named] : [];
  return all.flatMap(([name, said], at) => [element("dt", {}, at && all[at - 1][0] === name ? "" : name), element("dd", {}, said)]);
}

/** Tells the calls anew, out of what was checked. @param {Bundle} bundle */
function tellAll(bundle) {
  const selected = bundle.manifest.selected;
  const before = [...document.querySelectorAll("#calls .call")].map((call) => call.textContent);
  const calls = [element("h2", {}, "The calls")], rows = /** @type {Element[]} */ ([]);
  at("calls").replaceChildren(...calls);
  document.querySelector("#overview tbody")?.replaceChildren(...rows);
  at("about").hidden = true; // the statement says it, and was checked
  more(bundle, 0);
  const now = [...document.querySelectorAll("#calls .call")].map((call) => call.querySelector("h3")?.textContent + (call.querySelector("dl")?.textContent ?? ""));
  const plain = (/** @type {string | null} */ text) => (text ?? "").replace(/\s+/g, "");
  const replaced = !before[0]?.includes(SIGNED) && (before.length !== now.length || before.some((text, n) => plain(text) !== plain(now[n])));
  at("replaced").hidden = !replaced;
  at("signed").textContent = selected.length ? `${count(selected.length, "call")}, told out of what was checked. The entry of each one gives its bytes.` : "";
}

const SIGNED = "As it is in the log";

/** Tells the next calls. @param {Bundle} bundle @param {number} from */
function more(bundle, from) {
  const selected = bundle.manifest.selected, end = Math.min(from + AT_ONCE, selected.length);
  document.querySelector("#calls .rest")?.remove();
  for (const index of selected.slice(from, end)) {
    const call = told(bundle, index);
    document.querySelector("#overview tbody")?.append(row(call));
    at("calls").append(section(bundle, call));
  }
  if (end === selected.length) return;
  const button = element("button", { type: "button" }, `Tell ${Math.min(AT_ONCE, selected.length - end)} more of ${selected.length - end}`);
  button.addEventListener("click", () => more(bundle, end));
  at("calls").append(element("p", { class: "rest" }, button));
}

/** @param {import("./told.js").Told} call */
function row(call) {
  const link = element("a", { href: `#e${call.index}` }, String(call.index));
  const cells = [link, call.time, visible(call.operation), by(call), outcome(call)];
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
}

/** @param {import("./told.js").Told} call */
function by(call) {
  if (!call.facts.some(([name]) => name === "identity")) return call.by;
  return element("span", {}, `${visible(call.by)} `, element("span", call.isClaim ? { class: "claimed" } : {}, `(${visible(call.how)})`));
}

/** @param {import("./told.js").Told} call */
function outcome(call) {
  return call.outcome === "ok" ? "ok" : element("span", { class: "failed" }, visible(call.outcome));
}

/** @param {Bundle} bundle @param {import("./told.js").Told} call */
function section(bundle, call) {
  const list = element("dl", {});
  call.facts.forEach(([name, text], number) => {
    const again = number > 0 && call.facts[number - 1][0] === name;
    list.append(element("dt", {}, again ? "" : name), element("dd", {}, name === "by" ? by(call) : visible(text)));
  });
  const raw = element("details", { class: "raw" }, element("summary", {}, SIGNED));
  raw.addEventListener("toggle", () => raw.childElementCount === 1 && raw.append(element("pre", {}, bytesOf(bundle, call.index))));
  return element("section", { class: "call signed", id: `e${call.index}` }, element("h3", {}, visible(call.operation), " — ", outcome(call)), list, raw);
}

/** The entry, its line of the statement, and every opened facet. @param {Bundle} bundle @param {number} index */
function bytesOf(bundle, index) {
  const text = (/** @type {Uint8Array} */ data) => {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(data);
    } catch {
      return `(${data.length} bytes that are no text)`;
    }
  };
  const parts = [...bundle.facets(index)].map(([tag, content]) => `${tag}\n${text(content)}`);
  return visibleLines([shown(bundle, index), `leaf\n${text(bundle.leaf(index))}`, ...parts].join("\n\n"));
}

/** @param {string} text */
function visibleLines(text) {
  return text.split("\n").map(visible).join("\n");
}

/** @param {File | null | undefined} file */
async function takeFile(file) {
  if (!file) return;
  const text = file.size <= LARGEST_KEY_FILE ? (await file.text()).trim() : "";
  // A policy has a line for its quorum, and names the log's key itself.
  const isPolicy = /^[ \t]*quorum[ \t]/m.test(text);
  at("key").value = isPolicy ? "" : text;
  if (isPolicy) return run([], new Uint8Array(await file.arrayBuffer()));
  if (at("key").value) submit();
  else say(UNCHECKED, "that file holds no key", "open");
}

function submit() {
  const keys = at("key").value.split(/\s+/).filter(Boolean);
  return run(keys);
}

function save() {
  const link = element("a", { href: URL.createObjectURL(new Blob([/** @type {BlobPart} */ (embedded())], { type: "application/zip" })), download: "evidence.zip" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.getAttribute("href") ?? ""), 60000);
}

at("form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  submit();
});
at("file").addEventListener("change", () => takeFile(at("file").files[0]));
at("save").addEventListener("click", save);
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  takeFile(event.dataTransfer?.files[0]);
});
at("form").hidden = false;
// For whoever wants to check another bundle here, from the browser's console.
Object.assign(globalThis, { apitrail: Object.freeze({ check, embedded }) });
run([]);
