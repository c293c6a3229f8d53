// The conversation: sends what is asked, shows what comes, and keeps it over a reload.
import {HttpError, call, events, searchEvents} from "./stream.js";
import {drawAnswers, drawChart, proofText, wordDiff} from "./search_view.js";
import {addToken, tokenText} from "./tokens.js";

const $ = (id) => document.getElementById(id);
const conversation = $("conversation"), composer = $("composer"), question = $("question"), status = $("status");
const KEPT = "ponder.conversation";

// [{way, question, answer (text of the reply, once there), search (id of one that runs), budget}]
let turns = [];
let running = null;  // {abort, id}

const key = () => $("key").value;
const keep = () => { try { sessionStorage.setItem(KEPT, JSON.stringify(turns)); } catch { /* full, or not allowed */ } };

function part(card, title) {
  const head = document.createElement("h2");
  head.textContent = title;
  const body = document.createElement("div");
  card.append(head, body);
  return {head, body};
}

function facts(card, text, kind = "facts") {
  const p = document.createElement("p");
  p.className = kind;
  p.textContent = text;
  card.append(p);
  return p;
}

function plainText(text) {
  return Object.assign(document.createElement("div"), {className: "text", textContent: text});
}

function newTurn(turn) {
  $("welcome")?.remove();
  const section = document.createElement("section"), asked = document.createElement("p"), card = document.createElement("div");
  section.className = "turn";
  asked.className = "asked";
  asked.textContent = turn.question;
  card.className = "card";
  section.append(asked, card);
  conversation.append(section);
  section.scrollIntoView({block: "end"});
  return card;
}

function messages(until) {
  const out = [];
  for (const t of turns.slice(0, until)) if (t.answer) out.push({role: "user", content: t.question}, {role: "assistant", content: t.answer});
  return [...out, {role: "user", content: turns[until].question}];
}

function settings() {
  const length = Number($("length").value);
  return {temperature: Number($("temperature").value), seed: Number($("seed").value), ...(length ? {max_tokens: length} : {})};
}

function button(text, action) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = text;
  b.addEventListener("click", action);
  return b;
}

async function reply(turn, card, signal) {
  const {body} = part(card, "Reply"), text = tokenText();
  body.append(text);
  const ask = {messages: messages(turns.indexOf(turn)), ...settings(), stream: true, logprobs: true, top_logprobs: 5};
  let said = "", sum = 0;
  for await (const event of events(await call("POST", "/v1/chat/completions", ask, key(), {signal}))) {
    if (event.data === "[DONE]") break;
    const data = JSON.parse(event.data);
    if (data.error) throw new Error(data.error.message);
    const choice = data.choices[0], token = choice?.logprobs?.content?.[0];
    const piece = choice?.delta?.content ?? "";
    said += piece;
    if (token) {
      sum += token.logprob;
      addToken(text, piece, token.logprob, token.top_logprobs.map((t) => [t.token, t.logprob]));
    } else if (piece) {
      text.append(piece);
    }
  }
  turn.answer = said;
  facts(card, `log p ${sum.toFixed(2)}`);
}

async function answer(turn, card, signal) {
  const {body} = part(card, "Answer");
  const ask = {messages: messages(turns.indexOf(turn)), seed: settings().seed, budget_s: turn.budget};
  status.textContent = "drawing replies …";
  const a = await (await call("POST", "/v1/answers", ask, key(), {signal})).json();
  body.append(plainText(a.answer ?? "I don't know."));
  drawAnswers(part(card, "Its mass").body, a);
  if (a.reply && a.reply !== a.answer) part(card, "A reply that gives it").body.append(plainText(a.reply));
  turn.answer = a.reply || a.answer;
}

// Shows the events of a search; those of the past come at once.
class Search {
  constructor(turn, card, actions) {
    Object.assign(this, {turn, card, actions, points: [], best: null});
    this.first = part(card, "First reply");
    this.firstText = tokenText();
    this.first.body.append(this.firstText);
  }

  token(t) { addToken(this.firstText, t.text, t.logprob); }

  reply(r, likelier) {
    if (likelier && !this.better) {
      this.better = part(this.card, "Likelier");
      this.card.append(this.actions);
    }
    if (!likelier) {
      this.firstReply = r;
      facts(this.first.body, `log p ${r.logprob.toFixed(2)}${r.ended ? "" : ", cut"}`);
      this.chart = part(this.card, "log p of the best reply, by seconds");
      this.card.append(this.actions);
    } else {
      this.better.body.replaceChildren(wordDiff(this.firstReply.text, r.text));
      facts(this.better.body, `log p ${r.logprob.toFixed(2)}, ${(r.logprob - this.firstReply.logprob).toFixed(2)} nats more, by ${r.method} after ${r.seconds.toFixed(1)} s`);
    }
    this.best = r;
    this.points.push({seconds: r.seconds, logprob: r.logprob});
    this.progress(r);
  }

  progress(p) {
    status.textContent = `${p.method}, ${p.seconds.toFixed(1)} s`;
    if (this.chart) drawChart(this.chart.body, this.points, p.seconds, this.turn.budget);
  }

  posterior(a) {
    drawAnswers(part(this.card, "The answer").body, a);
    this.card.append(this.actions);
  }

  proof(c) {
    const says = proofText(c);
    if (says) facts(this.card, says, c.status === "optimal" ? "facts proved" : "facts");
  }

  done(record) {
    this.turn.answer = record.reply;
    if (!this.better) facts(this.card, "No likelier reply was found.");
    if (record.tokens && this.better) {
      const text = tokenText();
      for (const t of record.tokens) addToken(text, t.text, t.logprob);
      part(this.card, "Its tokens, by probability").body.append(text);
    }
    for (const note of record.notes ?? []) facts(this.card, note);
  }
}

async function think(turn, card, signal) {
  const actions = document.createElement("div");
  actions.className = "actions";
  let response;
  if (!turn.search) {
    const methods = $("methods").value.split(/[\s,]+/).filter(Boolean);
    const ask = {messages: messages(turns.indexOf(turn)), ...settings(), budget_s: turn.budget, methods, stream: true};
    response = await call("POST", "/v1/think", ask, key(), {signal});
    turn.search = response.headers.get("X-Think-Id");
    keep();
  }
  running.id = turn.search;
  actions.append(button("Take this now", () => call("POST", `/v1/think/${turn.search}/control`, {action: "finish"}, key())));
  const search = new Search(turn, card, actions);
  try {
    for await (const event of searchEvents(turn.search, 0, key(), signal, response)) {
      const data = JSON.parse(event.data);
      if (event.name === "token") search.token(data);
      else if (event.name === "first") search.reply(data, false);
      else if (event.name === "likelier") search.reply(data, true);
      else if (event.name === "progress") search.progress(data);
      else if (event.name === "posterior") search.posterior(data);
      else if (event.name === "proof") search.proof(data);
      else if (event.name === "done") search.done(data);
      else if (event.name === "error") throw new Error(data.error.message);
    }
  } finally {
    actions.remove();
  }
}

async function run(turn) {
  const card = newTurn(turn), abort = new AbortController();
  running = {abort, id: null};
  $("send").textContent = "Stop";
  try {
    await {reply, answer, think}[turn.way](turn, card, abort.signal);
  } catch (error) {
    if (abort.signal.aborted) facts(card, "Stopped.");
    else facts(card, error instanceof HttpError && error.status === 401 ? `${error.message}: give it under More.` : error.message, "error");
  }
  running = null;
  delete turn.search;
  $("send").textContent = "Send";
  status.textContent = "";
  keep();
}

function stop() {
  if (!running) return;
  if (running.id) call("DELETE", `/v1/think/${running.id}`, null, key()).catch(() => {});
  running.abort.abort();
}

composer.addEventListener("submit", (e) => {
  e.preventDefault();
  if (running) return stop();
  const text = question.value.trim();
  if (!text) return;
  question.value = "";
  const turn = {way: $("way").value, question: text, budget: Number($("budget").value)};
  turns.push(turn);
  keep();
  run(turn);
});
question.addEventListener("keydown", (e) => {
  if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
  e.preventDefault();
  if (!running) composer.requestSubmit();
});
document.addEventListener("keydown", (e) => { if (e.key === "Escape") stop(); });
$("clear").addEventListener("click", () => {
  stop();
  turns = [];
  keep();
  conversation.replaceChildren();
  question.focus();
});

// What was there before a reload: past turns as texts, a search that runs goes on.
async function restore() {
  try { turns = JSON.parse(sessionStorage.getItem(KEPT)) ?? []; } catch { turns = []; }
  for (const turn of turns) {
    if (turn.search) await run(turn);
    else if (turn.answer) part(newTurn(turn), "Reply").body.append(plainText(turn.answer));
    else facts(newTurn(turn), "It was not answered.");
  }
}

call("GET", "/v1/models", null, key()).then((r) => r.json()).then((m) => { $("model").textContent = m.data[0].id; }).catch((e) => { status.textContent = e.message; });
restore();
question.focus();
