// What happens: requests, webhook deliveries, chats and tickets, each in a tab.

import { attempt, onClick } from "./controls.js";
import { $, Items, clock, count, facts, h, number, quoted, span, text } from "./dom.js";
import { ask, call, onChange, overview, tables } from "./feed.js";
import { badge, select, transcript } from "./visitors.js";

const newestFirst = (one, other) => other.order - one.order;
const LISTS = Object.fromEntries(
  [
    ["requests", requestItem, (one, other) => other.id - one.id],
    ["deliveries", deliveryItem, (one, other) => other.id - one.id],
    ["chats", chatItem, (one, other) => other.is_running - one.is_running || other.started - one.started || newestFirst(one, other)],
    ["tickets", ticketItem, (one, other) => text(other.modified).localeCompare(text(one.modified)) || newestFirst(one, other)],
  ].map(([name, make, order]) => [name, { items: new Items($(name).querySelector(".log"), make), order }]),
);
const tabs = [...document.querySelectorAll("[role=tab]")];

let shownDelivery = null;

onChange((changes) => {
  for (const [name, { items, order }] of Object.entries(LISTS)) {
    const rows = [...tables[name].values()];
    if (changes[name] || !rows.length) items.show(rows.sort(order));
    $(name).querySelector(":scope > .empty").hidden = rows.length > 0;
    $(name).querySelector(":scope > .note").hidden = rows.length === 0;
  }
  if (shownDelivery && changes.deliveries?.put?.some((row) => row.id === shownDelivery)) showDelivery(shownDelivery);
  if (changes.overview || changes.chats || changes.requests) showCounts();
});

function showCounts() {
  const running = [...tables.chats.values()].filter((chat) => chat.is_running).length;
  const counts = { requests: overview.requests, deliveries: overview.deliveries, chats: running, tickets: overview.tickets };
  for (const [name, value] of Object.entries(counts)) $(`tab-${name}`).querySelector(".count").textContent = number(value);
  $("requests-note").textContent = "The last 200, the newest first.";
  $("chats-note").textContent = `${number(running)} running, ${number(overview.chats_archived)} in the archives, of which the last 10 show.`;
  $("tickets-note").textContent = "The last 50, the last changed first.";
}

function openTab(tab) {
  for (const each of tabs) {
    const isOpen = each === tab;
    each.setAttribute("aria-selected", isOpen);
    each.tabIndex = isOpen ? 0 : -1;
    $(each.getAttribute("aria-controls")).hidden = !isOpen;
  }
}

for (const [place, tab] of tabs.entries()) {
  tab.addEventListener("click", () => openTab(tab));
  tab.addEventListener("keydown", (event) => {
    const places = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: tabs.length - 1 };
    if (!(event.key in places)) return;
    event.preventDefault();
    const next = tabs.at(places[event.key] % tabs.length);
    openTab(next);
    next.focus();
  });
}

onClick("clear-requests", () => call("DELETE", "requests"));
onClick("clear-deliveries", () => call("DELETE", "deliveries"));
$("record-dialog").addEventListener("close", () => (shownDelivery = null));

const milliseconds = (seconds) => (seconds == null ? "" : seconds < 10 ? `${number(Math.round(seconds * 1e4) / 10)} ms` : span(seconds));

// What became of a request or an attempt, and whether that is good.
function outcome(status, whileNone = "no answer", title = null) {
  const kind = status == null ? (whileNone === "…" ? "wait" : "bad") : status < 300 ? "good" : status < 400 ? "wait" : "bad";
  return h("span", { class: `status ${kind}`, title }, status ?? whileNone);
}

function requestItem(row, old) {
  return h(
    "li",
    { class: !old && "new" },
    h(
      "button",
      { type: "button", class: "entry", click: () => attempt(() => showRequest(row.id)) },
      h("span", { class: "time" }, clock(row.at)),
      quoted(row.method, "bdi", { class: "method" }),
      pathOf(row.path),
      row.fault && quoted(row.fault, "bdi", { class: "fault" }),
      outcome(row.status, row.seconds == null ? "…" : "no answer"),
      h("span", { class: "took" }, milliseconds(row.seconds)),
    ),
  );
}

// Where there is little room, the end of a path says more than its middle.
function pathOf(path) {
  const cut = path.lastIndexOf("/");
  return h(
    "span",
    { class: "path", title: path },
    cut > 0 && h("span", { class: "head" }, path.slice(0, cut)),
    h("span", { class: "tail" }, path.slice(cut)),
  );
}

function deliveryItem(row, old) {
  const shown = row.attempts.slice(-6);
  return h(
    "li",
    { class: !old && "new" },
    h(
      "div",
      { class: "pair" },
      h(
        "button",
        { type: "button", class: "entry delivery", click: () => attempt(() => showDelivery(row.id)) },
        h("span", { class: "time" }, row.attempts.length ? clock(row.attempts[0].at) : ""),
        h("span", { class: "path" }, h("strong", {}, row.event_type), " ", quoted(row.url, "bdi", { class: "faint" })),
        h(
          "span",
          { class: "attempts" },
          row.attempts.length > shown.length && h("span", { class: "faint" }, `${row.attempts.length} attempts`),
          shown.map((each) => outcome(each.status, "no answer", each.problem || null)),
          !row.done && outcome(null, "…"),
        ),
      ),
      h("button", { type: "button", class: "quiet", "aria-label": `Deliver ${row.event_type} again`, click: () => attempt(() => repeat(row.id)) }, "Again"),
    ),
  );
}

const repeat = (id) => call("POST", `deliveries/${id}/repeat`);

function chatItem(row) {
  const title = h(
    "summary",
    {},
    h("span", { class: "path" }, quoted(row.visitor || "(no name)", "strong"), h("span", { class: "faint" }, " with ", quoted(row.agent))),
    h("span", { class: "faint" }, count(row.said, "message")),
    badge(row.is_running ? "chatting" : "chat closed"),
  );
  const open = tables.visitors.has(row.visitor_id)
    ? h("button", { type: "button", class: "quiet", click: () => select(row.visitor_id) }, "Show the visitor")
    : null;
  return h("li", {}, h("details", {}, title, h("div", { class: "unfolded" }, transcript(row), open)));
}

function ticketItem(row) {
  const from = row.requester ?? {};
  const title = h(
    "summary",
    {},
    h("span", { class: "path" }, quoted(row.subject, "strong"), h("span", { class: "faint" }, " from ", quoted(from.name || from.mail))),
    badge(row.status),
  );
  const known = [
    ["Id", row.id],
    ["From", [from.name, from.mail].map(text).filter(Boolean).join(", ")],
    ["Agent", row.assignee?.name ?? "none"],
    ["Tags", (row.tags ?? []).map(text).join(", ") || "none"],
    ["Changed", row.modified],
  ];
  const said = row.messages.map((each) => [h("p", { class: "faint" }, quoted(each.author)), quoted(each.text, "p", { class: "bubble", dir: "auto" })]);
  return h("li", {}, h("details", {}, title, h("div", { class: "unfolded" }, facts(known), said)));
}

async function showRequest(id) {
  const found = await ask(`requests/${id}`);
  const { answer } = found;
  shownDelivery = null;
  showRecord(`${found.method} ${found.path}`, [
    facts([
      ["Status", found.status ?? "none"],
      ["Time", milliseconds(found.seconds) || "under way"],
      ["Received", found.received_at],
      ...(found.fault ? [["Fault", found.fault]] : []),
    ]),
    ...block("Query", found.query),
    h("h3", {}, "Request"),
    facts(found.headers),
    ...block("", found.body),
    h("h3", {}, "Answer"),
    ...(answer
      ? [facts(answer.headers), ...block("", answer.body, answer.is_cut && `The first part of ${number(answer.size)} bytes.`)]
      : [h("p", { class: "empty" }, found.status == null ? "There was none." : "It is no longer kept.")]),
  ]);
}

async function showDelivery(id) {
  const found = await ask(`deliveries/${id}`);
  shownDelivery = id;
  showRecord(found.event_type, [
    facts([["To", found.url], ["Event", found.event_unique_id], ["State", found.done ? "done" : "under way"]]),
    h("h3", {}, "Attempts"),
    facts(found.attempts.map((each) => [clock(each.at), each.status ?? each.problem])),
    h("button", { type: "button", click: () => attempt(() => repeat(id)) }, "Deliver again"),
    h("h3", {}, "Body"),
    ...block("", found.body),
  ]);
}

function block(title, content, note) {
  if (!content) return [];
  return [title && h("h3", {}, title), h("pre", { tabindex: "0" }, content), note && h("p", { class: "hint" }, note)];
}

function showRecord(title, content) {
  $("record-title").textContent = title;
  $("record").replaceChildren(...content.filter(Boolean));
  if (!$("record-dialog").open) $("record-dialog").showModal();
}
