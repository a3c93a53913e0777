// The buttons at the top, and what every button needs: dialogs, and the place for problems.

import { $, h, number, quoted } from "./dom.js";
import { call, onChange, overview, tables } from "./feed.js";

const NAMES = ["Mary Brown", "Alex Smith", "Robin Miller", "Sam Lee", "Kim Horak", "Noor Khan"];
const PAGES = ["", "pricing", "products/shoes", "cart", "help/returns", "contact"];
const SITE = "http://www.example.com/";

// The arguments of each fault: name, label, first value. An empty one is left out.
const FAULTS = {
  Status: [["status", "Status", 503], ["retry_after", "Retry-After in seconds (optional)", ""]],
  Slow: [["seconds", "Seconds before the answer", 2]],
  Drip: [["seconds", "Seconds before each piece", 0.2], ["chunk", "Bytes in a piece", 64]],
  DropConnection: [["after_headers", "After the headers", false]],
  CutBody: [["keep", "Part that is sent, 0 to 1", 0.5]],
  EmptyBody: [],
  Html: [],
  Body: [["content", "Body", "<h1>Sorry</h1>"]],
  Redirect: [["location", "Location", "http://www.example.com/"], ["status", "Status", 302]],
};

let hiding;

// Do something, and show why if it fails.
export async function attempt(work) {
  $("problem").hidden = true;
  try {
    return await work();
  } catch (problem) {
    $("problem").replaceChildren(
      h("p", {}, problem.message),
      h("button", { type: "button", class: "quiet", click: () => ($("problem").hidden = true) }, "Close"),
    );
    $("problem").hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(() => ($("problem").hidden = true), 15_000);
    return undefined;
  }
}

export const onClick = (id, work) => $(id).addEventListener("click", () => attempt(work));

export const onSubmit = (id, work) =>
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(work);
  });

export function openDialog(id) {
  $(id).showModal();
  $(id).querySelector("input, select, textarea")?.select?.();
}

export function startControls() {
  for (const dialog of document.querySelectorAll("dialog")) {
    for (const button of dialog.querySelectorAll(".cancel"))
      button.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && dialog.querySelector(".cancel")) dialog.close();
    });
  }
  startAdding();
  startFaults();
  startPace();
}

function startAdding() {
  onClick("add-visitor", () => {
    const taken = new Set([...tables.visitors.values()].map((row) => row.name));
    const free = NAMES.filter((name) => !taken.has(name));
    $("add-name").value = pick(free.length ? free : NAMES);
    $("add-page").value = SITE + pick(PAGES);
    $("pages").replaceChildren(...PAGES.map((page) => h("option", { value: SITE + page })));
    openDialog("add-dialog");
  });
  onSubmit("add-form", async () => {
    const [name, page] = [$("add-name").value, $("add-page").value];
    const visited = { page, title: "", invitation: "", time_ref: Math.floor(Date.now() / 1000) };
    const where = { page_current: page, page_address: page, page_title: "", visit_path: [visited] };
    await call("POST", "visitors", { ...(name && { name }), ...(page && where) });
    $("add-dialog").close();
  });
}

const pick = (choices) => choices[Math.floor(Math.random() * choices.length)];

function startFaults() {
  $("fault-kind").append(...Object.keys(FAULTS).map((kind) => h("option", {}, kind)));
  $("fault-kind").addEventListener("change", showFields);
  showFields();
  onClick("open-faults", () => openDialog("fault-dialog"));
  onClick("clear-faults", () => call("DELETE", "faults"));
  onSubmit("fault-form", async () => {
    const fault = $("fault-kind").value;
    const times = $("fault-times").valueAsNumber;
    await call("POST", "faults", { fault, times, ...fieldsOf(fault) });
  });
  onChange((changes) => {
    if (!changes.overview) return;
    const coming = overview.faults_to_come;
    $("open-faults").textContent = coming ? `Faults to come: ${number(coming)}` : "Inject a fault";
    $("open-faults").classList.toggle("on", coming > 0);
    $("pending").hidden = coming === 0;
    const lines = overview.faults.map(([fault, times]) =>
      h("li", {}, quoted(fault, "code"), ` × ${times}`),
    );
    $("pending").querySelector("ul").replaceChildren(...lines);
  });
}

function showFields() {
  const rows = FAULTS[$("fault-kind").value].map(([name, label, value]) => {
    const id = `fault-${name}`;
    const type = { number: "number", boolean: "checkbox" }[typeof value] ?? "text";
    const isNumber = type === "number" || name === "retry_after";
    const input = h("input", { id, type: isNumber ? "number" : type, step: isNumber && "any" });
    if (type !== "checkbox") input.value = value;
    return h("label", { class: type === "checkbox" && "check" }, label, " ", input);
  });
  $("fault-fields").replaceChildren(...rows);
}

function fieldsOf(kind) {
  const given = {};
  for (const [name] of FAULTS[kind]) {
    const input = $(`fault-${name}`);
    if (input.type === "checkbox") given[name] = input.checked;
    else if (input.value !== "")
      given[name] = input.type === "number" ? input.valueAsNumber : input.value;
  }
  return given;
}

function startPace() {
  const setLatency = () => call("POST", "latency", { seconds: $("latency").valueAsNumber / 1000 });
  onSubmit("latency-form", setLatency);
  $("latency").addEventListener("change", () => {
    if ($("latency").reportValidity()) attempt(setLatency);
  });
  onClick("freeze", () => call(overview.is_frozen ? "DELETE" : "POST", "freeze"));
  onChange((changes) => {
    if (!changes.overview) return;
    $("freeze").setAttribute("aria-pressed", overview.is_frozen);
    $("frozen").hidden = !overview.is_frozen;
    if (document.activeElement !== $("latency")) $("latency").value = Math.round(overview.latency * 1e6) / 1e3;
    $("latency-form").classList.toggle("on", overview.latency > 0);
  });
}
