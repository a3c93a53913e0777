// The sandbox as the page knows it, and the calls that change it.

import { $ } from "./dom.js";

const TOKEN = "control-token";
const listeners = new Set();

export const tables = Object.fromEntries(
  ["visitors", "chats", "tickets", "deliveries", "requests"].map((name) => [name, new Map()]),
);
export let overview = { visitors: 0, faults: [], faults_to_come: 0, agents: [], latency: 0 };

let arrived = 0;
let ahead = 0;

// The Unix seconds of the sandbox, whose clock may be another than ours.
export const now = () => Date.now() / 1000 + ahead;

export const onChange = (listener) => listeners.add(listener);

// Follow the changes for as long as the page is open. This is no EventSource, which can send no
// token.
export async function connect(showState) {
  for (;;) {
    try {
      await follow(showState);
    } catch (problem) {
      const isAway = problem instanceof TypeError; // what fetch throws if no server answers
      showState("lost", isAway ? "Not connected: trying again" : problem.message);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function follow(showState) {
  const response = await send("GET", "window/changes");
  if (!response.ok) await answerOf(response);
  showState("live", "Live");
  const parts = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await parts.read();
    if (done) throw new TypeError("the stream has ended");
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const changes = JSON.parse(event.slice("data: ".length));
      if ("now" in changes) startOver(changes);
      take(changes);
      for (const listener of listeners) show(listener, changes);
    }
  }
}

// A part of the page that fails does not end the stream.
function show(listener, changes) {
  try {
    listener(changes);
  } catch (problem) {
    reportError(problem);
  }
}

// A connection begins with everything, and goes on with it where the page was too slow for the
// changes: what it does not have is gone.
function startOver(changes) {
  ahead = changes.now - Date.now() / 1000;
  for (const [name, table] of Object.entries(tables)) {
    changes[name] ??= {};
    const ids = new Set((changes[name].put ?? []).map((row) => row.id));
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

export const ask = async (path) => answerOf(await send("GET", `window/${path}`));

export const call = async (method, path, body) => answerOf(await send(method, path, body));

// A sandbox for other machines wants a token with every call.
async function send(method, path, body) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const content = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(`/_sandbox/${path}`, { method, headers, body: content });
  if (response.status !== 401) return response;
  await askForToken(token !== null);
  return send(method, path, body);
}

let asking = null;
$("token-dialog").addEventListener("cancel", (event) => event.preventDefault());

function askForToken(isRepeated) {
  $("token-problem").hidden = !isRepeated;
  asking ??= new Promise((resolve) => {
    $("token-dialog").showModal();
    $("token-form").addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        sessionStorage.setItem(TOKEN, $("token").value);
        $("token").value = "";
        $("token-dialog").close();
        asking = null;
        resolve();
      },
      { once: true },
    );
  });
  return asking;
}

async function answerOf(response) {
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The sandbox answered ${response.status}`);
  return answer;
}
