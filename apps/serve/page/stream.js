// Server-sent events over fetch, which can POST and send a key (EventSource can do neither). A search
// goes on where its connection was lost.

export class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function call(method, path, body, key, more = {}) {
  const headers = {"Content-Type": "application/json"};
  if (key) headers.Authorization = `Bearer ${key}`;
  const response = await fetch(path, {method, headers: {...headers, ...more.headers}, body: body && JSON.stringify(body), signal: more.signal});
  if (response.ok) return response;
  const text = await response.text();
  let message = text;
  try { message = JSON.parse(text).error.message; } catch { /* it is no JSON */ }
  throw new HttpError(response.status, message || `status ${response.status}`);
}

// Yields {id, name, data} of a response; data is the event's text.
export async function* events(response) {
  const decoder = new TextDecoder();
  let waiting = "";
  for (let reader = response.body.getReader(); ;) {
    const {done, value} = await reader.read();
    if (done) return;
    waiting += decoder.decode(value, {stream: true});
    for (let end; (end = waiting.indexOf("\n\n")) >= 0; waiting = waiting.slice(end + 2)) {
      const event = {id: 0, name: "message", data: ""};
      for (const line of waiting.slice(0, end).split("\n")) {
        const colon = line.indexOf(": "), field = line.slice(0, colon), text = line.slice(colon + 2);
        if (field === "id") event.id = Number(text);
        else if (field === "event") event.name = text;
        else if (field === "data") event.data = text;
      }
      yield event;
    }
  }
}

// The events of a search that is known by its id, from the beginning or after `last`, over as many
// connections as it takes.
export async function* searchEvents(id, last, key, signal, first) {
  for (let failures = 0; ;) {
    try {
      const response = first ?? await call("GET", `/v1/think/${id}/events`, null, key, {signal, headers: {"Last-Event-ID": String(last)}});
      first = undefined;
      for await (const event of events(response)) {
        failures = 0;
        last = event.id;
        yield event;
        if (event.name === "done" || event.name === "error") return;
      }
      throw new Error("the connection was lost");
    } catch (error) {
      if (signal.aborted || error instanceof HttpError || ++failures > 5) throw error;
      await new Promise((wake) => setTimeout(wake, 500 * failures));
    }
  }
}
