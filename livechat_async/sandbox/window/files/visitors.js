// The list of visitors, and the one that is selected: the chat, and what the agent sees beside it.

import { onClick, onSubmit, openDialog } from "./controls.js";
import { $, Items, clock, count, facts, h, link, number, quoted, span, text } from "./dom.js";
import { call, now, onChange, overview, tables } from "./feed.js";

const TINTS = 6;
const STEP = 300; // more rows at once would make a long list slow
const MOST_STATES = 16;
const STATES = ["chatting", "queued", "browsing", "invited"];

let selected = idInAddress();
let follows = selected === null;
let shownState = "";
let most = STEP;
let lastSeen = null;
let writesNext = false;

const rowsOf = new Items($("visitors"), visitorItem);

export function startVisitors() {
  onChange((changes) => {
    if (changes.visitors || changes.chats) {
      followWhoCame(changes);
      showList();
      showPerson();
    }
    if (changes.overview) showCount();
  });
  setInterval(showTimes, 5000);

  $("search").addEventListener("input", showList);
  $("visitors").addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) select(item.dataset.id);
  });
  $("visitors").addEventListener("keydown", moveWithKeys);
  $("more").addEventListener("click", () => {
    most += STEP;
    showList();
  });
  $("follow").addEventListener("click", () => {
    follows = !follows;
    $("follow").setAttribute("aria-pressed", follows);
  });
  startActions();
}

function idInAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null; // a stray percent sign
  }
}

const path = (rest = "") => `visitors/${encodeURIComponent(selected)}${rest}`;

function startActions() {
  onSubmit("move-form", async () => {
    const page = $("move-page").value.trim();
    await call("POST", path("/page"), page ? { page } : {});
    $("move-page").value = "";
  });
  onClick("queue", () => call("POST", path("/queue")));
  onClick("end-chat", () => call("DELETE", path("/chat")));
  onClick("leave", () => call("DELETE", path()));
  onClick("open-chat", () => {
    const visitor = tables.visitors.get(selected);
    const name = visitor.name === "Visitor" ? "" : text(visitor.name);
    const local = name.toLowerCase().replace(/[^a-z0-9]+/g, ".").replace(/^\.+|\.+$/g, "");
    $("chat-name").value = name;
    $("chat-email").value = local && `${local}@example.com`;
    $("chat-agent").replaceChildren(...overview.agents.map((login) => h("option", {}, login)));
    openDialog("chat-dialog");
  });
  onSubmit("chat-form", async () => {
    const [name, email] = [$("chat-name").value.trim(), $("chat-email").value.trim()];
    const prechat_survey = { ...(name && { "Name:": name }), ...(email && { "E-mail:": email }) };
    await call("POST", path("/chat"), { agent: $("chat-agent").value, prechat_survey });
    writesNext = true;
    $("chat-dialog").close();
  });
  onSubmit("say-form", async () => {
    const by_agent = $("say-form").elements.author.value === "agent";
    await call("POST", path("/messages"), { text: $("say").value, by_agent });
    $("say").value = "";
  });
}

export function select(id, { byHand = true } = {}) {
  if (byHand && follows) {
    follows = false;
    $("follow").setAttribute("aria-pressed", false);
  }
  const before = rowsOf.get(selected);
  before?.setAttribute("aria-selected", false);
  selected = id;
  lastSeen = null;
  history.replaceState(null, "", `#${encodeURIComponent(id.toWellFormed())}`);
  markSelected();
  showPerson();
  if (byHand && matchMedia("(max-width: 767px)").matches) $("person").scrollIntoView();
}

// The newest chat counts more than the newest visitor.
function followWhoCame(changes) {
  if (!follows) return;
  const chats = (changes.chats?.put ?? []).filter((chat) => chat.is_running);
  const ids = [...(changes.visitors?.put ?? []).map((row) => row.id), ...chats.map((chat) => chat.visitor_id)];
  const id = ids.findLast((each) => tables.visitors.has(each));
  if (id !== undefined && id !== selected) select(id, { byHand: false });
}

function matching() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...tables.visitors.values()].filter((row) => {
    if (shownState && row.state !== shownState) return false;
    if (!words.length) return true;
    const shown = [row.name, row.page_current, row.page_title, row.city, row.country];
    const all = shown.map(text).join(" ").toLowerCase();
    const id = text(row.id).toLowerCase();
    return words.every((word) => all.includes(word) || id.startsWith(word));
  });
  return rows.sort((one, other) => other.order - one.order);
}

function showList() {
  const rows = matching();
  rowsOf.show(rows.slice(0, most));
  $("more").hidden = rows.length <= most;
  $("more").textContent = `Show ${number(Math.min(STEP, rows.length - most))} more of ${number(rows.length)}`;
  $("no-visitors").hidden = rows.length > 0;
  $("no-visitors").textContent = tables.visitors.size
    ? "No visitor fits."
    : "No visitor is on the site yet. Add one.";
  showStates();
  markSelected();
}

function showStates() {
  const counts = new Map(STATES.map((state) => [state, 0]));
  for (const row of tables.visitors.values()) counts.set(row.state, (counts.get(row.state) ?? 0) + 1);
  const chips = [["", tables.visitors.size], ...counts].filter(([state, amount]) => !state || amount || state === shownState).slice(0, MOST_STATES);
  const known = $("states").dataset.shown;
  const wanted = JSON.stringify([chips, shownState]);
  if (known === wanted) return;
  $("states").dataset.shown = wanted;
  const focused = document.activeElement?.closest?.("#states button")?.value;
  $("states").replaceChildren(
    ...chips.map(([state, amount]) =>
      h(
        "button",
        { type: "button", value: state, "aria-pressed": state === shownState ? "true" : "false", click: () => filterBy(state) },
        h("span", {}, state || "all"),
        " ",
        h("span", { class: "count" }, number(amount)),
      ),
    ),
  );
  if (focused !== undefined)
    [...$("states").children].find((chip) => chip.value === focused)?.focus();
}

function filterBy(state) {
  shownState = state;
  showList();
}

function showCount() {
  $("visitor-count").textContent = number(overview.visitors);
}

function visitorItem(row, old) {
  const item = h(
    "li",
    { role: "option", id: `v-${row.order}`, "aria-selected": row.id === selected ? "true" : "false", class: !old && "new" },
    face(row.name, row.id),
    h(
      "div",
      { class: "lines" },
      h("div", { class: "line" }, quoted(row.name || "(no name)", "bdi", { class: "name" }), badge(row.state)),
      h(
        "div",
        { class: "line faint" },
        quoted(pathOf(row.page_current), "bdi", { class: "page", title: text(row.page_current) }),
        h("span", { class: "since", "data-since": text(row.last_visit_ts) }, since(row.last_visit_ts)),
      ),
    ),
  );
  item.dataset.id = row.id;
  return item;
}

export const badge = (state) =>
  h("span", { class: "badge", "data-state": text(state) }, text(state));

function face(name, id, size = "") {
  const words = text(name).trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "");
  let tint = 0;
  for (const letter of text(id)) tint = (tint * 31 + letter.codePointAt(0)) % 997;
  return h("span", { class: `face tint-${tint % TINTS} ${size}`, "aria-hidden": "true" }, letters.join("").toUpperCase() || "?");
}

function pathOf(address) {
  const target = URL.canParse(text(address)) ? new URL(address) : null;
  return target && target.host ? target.pathname + target.search + target.hash : text(address);
}

const since = (moment) => (moment ? span(Math.max(0, now() - moment)) : "");

function showTimes() {
  for (const element of document.querySelectorAll("[data-since]"))
    element.textContent = since(Number(element.dataset.since));
}

function markSelected() {
  const item = rowsOf.get(selected);
  for (const marked of $("visitors").querySelectorAll("[aria-selected=true]"))
    if (marked !== item) marked.setAttribute("aria-selected", false);
  item?.setAttribute("aria-selected", true);
  if (item) $("visitors").setAttribute("aria-activedescendant", item.id);
  else $("visitors").removeAttribute("aria-activedescendant");
}

function moveWithKeys(event) {
  const ids = [...$("visitors").children].map((item) => item.dataset.id);
  const place = ids.indexOf(selected);
  const places = { ArrowDown: place + 1, ArrowUp: place < 0 ? ids.length - 1 : place - 1, Home: 0, End: ids.length - 1 };
  if (!(event.key in places) || !ids.length) return;
  event.preventDefault();
  select(ids[Math.min(Math.max(places[event.key], 0), ids.length - 1)]);
  rowsOf.get(selected).scrollIntoView({ block: "nearest" });
}

function showPerson() {
  const row = tables.visitors.get(selected);
  const chat = chatOf(selected);
  $("selected").hidden = !row;
  $("unselected").hidden = Boolean(row);
  if (!row) {
    const left = selected !== null && lastSeen !== null;
    if (left) $("unselected").replaceChildren(h("p", {}, quoted(lastSeen.row.name), " has left the site."));
    return;
  }
  if (lastSeen?.row === row && lastSeen?.chat === chat) return;
  if (lastSeen?.row !== row) showWho(row);
  if (lastSeen?.chat !== chat || !lastSeen) showChat(chat);
  lastSeen = { row, chat };
}

// The chat that runs, or else the last one in the archives.
function chatOf(id) {
  const chats = [...tables.chats.values()].filter((chat) => chat.visitor_id === id);
  return chats.find((chat) => chat.is_running) ?? chats.sort((one, other) => other.started - one.started)[0];
}

function showWho(row) {
  const agents = (row.operators ?? []).map((agent) => text(agent.display_name || agent.id)).filter(Boolean);
  $("who").replaceChildren(
    face(row.name, row.id, "large"),
    h(
      "div",
      { class: "lines" },
      h("div", { class: "line" }, quoted(row.name || "(no name)", "h2"), badge(row.state)),
      h(
        "div",
        { class: "line faint" },
        link(text(row.page_current), row.page_title ? `${text(row.page_title)} · ${pathOf(row.page_current)}` : pathOf(row.page_current)),
        agents.length > 0 && h("span", {}, "with ", quoted(agents.join(", "))),
      ),
    ),
  );
  const chats = row.is_chatting;
  const acting = document.activeElement?.closest(".actions");
  $("open-chat").hidden = chats;
  $("end-chat").hidden = !chats;
  $("queue").hidden = chats || row.state === "queued";
  for (const control of $("say-form").querySelectorAll("input, button, fieldset")) control.disabled = !chats;
  if (chats && writesNext) {
    $("say").focus();
    writesNext = false;
  } else if (acting && !document.activeElement.checkVisibility()) {
    acting.querySelector(":scope > button:not([hidden])").focus(); // the one with focus has gone
  }
  $("say").placeholder = chats ? "Message" : "No chat is running";
  showDetails(row.details);
  showFacts(row);
}

function showDetails(sets) {
  const cards = sets.map((set) =>
    h(
      "article",
      { class: "card" },
      h("h4", {}, icon(set), quoted(set.id)),
      facts(set.fields.map((each) => [each.name, each.url ? link(each.url, each.value) : each.value])),
    ),
  );
  const nothing = h("p", { class: "empty" }, "No program has added details. They show here as soon as one does.");
  $("details").replaceChildren(...(cards.length ? cards : [nothing]));
}

// The picture itself would come from outside, and this page loads nothing from there.
function icon(set) {
  const letter = [...text(set.id)][0].toUpperCase();
  if (!set.icon) return h("span", { class: "icon none", "aria-hidden": "true" }, letter);
  const address = `https://${set.icon}`;
  const attributes = { class: "icon", href: address, target: "_blank", rel: "noopener noreferrer" };
  const title = `The icon ${address}, which this page does not load`;
  return h("a", { ...attributes, title, "aria-label": title }, letter);
}

function showFacts(row) {
  const place = [row.city, row.country].map(text).filter(Boolean).join(", ");
  const known = [
    ["Place", place],
    ["Address", row.ip],
    ["On the site", row.last_visit_ts && h("span", { "data-since": text(row.last_visit_ts) }, since(row.last_visit_ts))],
    ["Visits", row.visits && `${row.visits}, with ${count(row.page_views ?? 0, "page")}`],
    ["Came from", row.referrer && link(text(row.referrer), row.referrer)],
    ["Group", row.group],
    ["Id", row.id],
  ].filter(([, value]) => value !== undefined && value !== "" && value !== 0);
  const keyed = (items) => facts(items.map((item) => [item.key, item.value]));
  const visited = row.visit_path.map((page) => h("li", {}, quoted(page.title || pathOf(page.page), "bdi", { title: text(page.page) })));
  $("facts").replaceChildren(
    ...part("Before the chat", keyed(row.prechat_survey), row.prechat_survey.length),
    ...part("From the site", keyed(row.custom_variables), row.custom_variables.length),
    ...part("Visitor", facts(known), true),
    ...part("Pages", h("ol", { class: "path" }, visited), visited.length),
  );
}

const part = (title, content, isWorthIt) => (isWorthIt ? [h("h4", {}, title), content] : []);

function showChat(chat) {
  const log = $("messages");
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.replaceChildren(...(chat ? transcript(chat) : [h("p", { class: "empty" }, "No chat yet.")]));
  if (wasAtEnd || lastSeen?.chat?.id !== chat?.id) log.scrollTop = log.scrollHeight;
}

export function transcript(chat) {
  const left = chat.said - chat.messages.length;
  const begun = `${text(chat.agent)} · ${clock(chat.started * 1000)}`;
  return [
    h("p", { class: "event" }, "Chat with ", quoted(begun)),
    left > 0 && h("p", { class: "event" }, `${count(left, "earlier message")}`),
    ...chat.messages.map((said) =>
      h(
        "div",
        { class: `said ${said.user_type === "agent" ? "agent" : "visitor"}` },
        h("p", { class: "faint" }, quoted(said.author_name), said.timestamp ? ` · ${clock(said.timestamp * 1000)}` : ""),
        quoted(said.text, "p", { class: "bubble", dir: "auto" }),
      ),
    ),
    chat.tags?.length > 0 && h("p", { class: "event" }, "Tags: ", quoted(chat.tags.map(text).join(", "))),
    !chat.is_running && h("p", { class: "event" }, "The chat has ended."),
  ].filter(Boolean);
}
