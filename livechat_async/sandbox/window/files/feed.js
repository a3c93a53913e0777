// The sandbox as the page knows it, and the calls that change it.

const listeners = new Set();

export const tables = Object.fromEntries(
  ["visitors", "chats", "tickets", "deliveries", "requests"].map((name) => [name, new Map()]),
);
export let overview = { visitors: 0, faults: [], agents: [], latency: 0 };

let arrived = 0;
let ahead = 0;

// The Unix seconds of the sandbox, whose clock may be another than ours.
export const now = () => Date.now() / 1000 + ahead;

export const onChange = (listener) => listeners.add(listener);

export function connect(showState) {
  let isFirst = true;
  const source = new EventSource("/_sandbox/window/changes");
  source.addEventListener("open", () => {
    isFirst = true;
    showState("live", "Live");
  });
  source.addEventListener("message", (event) => {
    const changes = JSON.parse(event.data);
    if (isFirst) startAnew(changes);
    isFirst = false;
    take(changes);
    for (const listener of listeners) listener(changes);
  });
  source.addEventListener("error", () => {
    showState("lost", "Not connected: trying again");
    if (source.readyState === EventSource.CLOSED) setTimeout(() => connect(showState), 3000);
  });
}

// A connection begins with everything, so what it does not have is gone.
function startAnew(changes) {
  if (changes.now !== undefined) ahead = changes.now - Date.now() / 1000;
  for (const [name, table] of Object.entries(tables)) {
    const ids = new Set((changes[name]?.put ?? []).map((row) => row.id));
    for (const id of table.keys()) if (!ids.has(id)) table.delete(id);
  }
}

function take(changes) {
  if (changes.overview) overview = changes.overview;
  for (const [name, table] of Object.entries(tables)) {
    for (const id of changes[name]?.drop ?? []) table.delete(id);
    for (const row of changes[name]?.put ?? []) {
      row.order = table.get(row.id)?.order ?? (arrived += 1);
      table.set(row.id, row);
    }
  }
}

export async function ask(path) {
  const response = await fetch(`/_sandbox/window/${path}`);
  return answerOf(response);
}

export async function call(method, path, body) {
  const response = await fetch(`/_sandbox/${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answerOf(response);
}

async function answerOf(response) {
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The sandbox answered ${response.status}`);
  return answer;
}
