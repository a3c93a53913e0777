// Elements from data. Nothing here reads HTML: whatever a program sends stays text.

export const $ = (id) => document.getElementById(id);

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

export const text = (value) =>
  value == null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

// What others wrote: a name in another direction does not turn around what stands beside it.
export const quoted = (value, tag = "bdi", attributes = {}) => h(tag, attributes, text(value));

// A link only where it leads to a page, a mail or a phone: never to a script.
export function link(address, label) {
  const target = URL.canParse(address) ? new URL(address) : null;
  const safe = target && ["http:", "https:", "mailto:", "tel:"].includes(target.protocol);
  if (!safe) return quoted(label);
  const attributes = { href: target.href, target: "_blank", rel: "noopener noreferrer", title: address };
  return h("a", attributes, quoted(label), h("span", { class: "away", "aria-hidden": "true" }, "↗"));
}

// Names and values, each of them text or an element.
export const facts = (pairs) =>
  h("dl", {}, pairs.map(([name, value]) => h("div", {}, quoted(name, "dt"), h("dd", {}, value instanceof Node ? value : quoted(value)))));

export const clock = (moment) =>
  new Date(moment).toLocaleTimeString([], { hour12: false, hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function span(seconds) {
  if (!(seconds >= 0)) return "";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]])
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${Math.floor(seconds)} s`;
}

export const number = (value) => Number(value ?? 0).toLocaleString("en");

export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

// The list items of rows. An item is made again only if its row changed.
export class Items {
  #made = new Map();
  #list;
  #make;

  constructor(list, make) {
    this.#list = list;
    this.#make = make;
  }

  get(id) {
    return this.#made.get(id)?.item;
  }

  show(rows) {
    const wanted = new Map(rows.map((row) => [row.id, row]));
    for (const [id, { item }] of this.#made) {
      if (wanted.has(id)) continue;
      item.remove();
      this.#made.delete(id);
    }
    let next = this.#list.firstElementChild;
    for (const [id, row] of wanted) {
      let made = this.#made.get(id);
      if (made?.row !== row) {
        const item = this.#make(row, made?.item);
        if (made) {
          if (made.item === next) next = item;
          replace(made.item, item);
        }
        made = { row, item };
        this.#made.set(id, made);
      }
      if (made.item === next) next = next.nextElementSibling;
      else this.#list.insertBefore(made.item, next);
    }
  }
}

function replace(old, item) {
  const hadFocus = old.contains(document.activeElement);
  const fold = old.querySelector(":scope > details[open]");
  old.replaceWith(item);
  if (fold) item.querySelector(":scope > details").open = true;
  if (hadFocus) (item.querySelector("button, summary, [tabindex]") ?? item).focus();
}
