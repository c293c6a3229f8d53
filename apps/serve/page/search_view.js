// What a search shows: the reply, what changed since the first one, log p against time, the mass of
// answers, the mark of a proof.

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes, ...children) {
  const e = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

// points: [{seconds, logprob}]; the line goes on to `now`.
export function drawChart(box, points, now, budget) {
  box.replaceChildren();
  if (!points.length) return;
  const width = 480, height = 130, left = 48, right = 8, top = 12, bottom = 22;
  const end = Math.max(budget, now, 0.001), values = points.map((p) => p.logprob);
  const low = Math.min(...values), span = Math.max(Math.max(...values) - low, 0.5);
  const x = (s) => left + (width - left - right) * Math.min(s / end, 1);
  const y = (v) => height - bottom - (height - top - bottom) * ((v - low) / span);
  let path = `M${x(0)} ${y(points[0].logprob)}`;
  for (const p of points.slice(1)) path += `H${x(p.seconds)}V${y(p.logprob)}`;
  path += `H${x(now)}`;
  const last = points.at(-1);
  const svg = element("svg", {class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img"},
    element("title", {}, `log p of the best reply: ${points[0].logprob.toFixed(2)} first, ${last.logprob.toFixed(2)} after ${now.toFixed(1)} seconds`),
    element("line", {class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom}),
    element("line", {class: "axis", x1: left, x2: left, y1: top, y2: height - bottom}),
    element("path", {class: "best", d: path}),
    element("text", {x: left - 4, y: y(low), "text-anchor": "end"}, low.toFixed(1)),
    element("text", {x: left, y: height - 6}, "0 s"),
    element("text", {x: width - right, y: height - 6, "text-anchor": "end"}, `${end.toFixed(0)} s`));
  if (last.logprob > low) svg.append(element("text", {x: left - 4, y: y(last.logprob) + 4, "text-anchor": "end"}, last.logprob.toFixed(1)));
  for (const p of points) svg.append(element("circle", {cx: x(p.seconds), cy: y(p.logprob), r: 3}));
  box.append(svg);
}

function words(text) {
  return text.match(/\s+|[^\s]+/g) ?? [];
}

// The longest common words of two texts stay, the others are marked.
export function wordDiff(before, after) {
  const a = words(before), b = words(after), out = document.createElement("div");
  out.className = "text";
  if (a.length * b.length > 4e6) {
    out.textContent = after;
    return out;
  }
  const common = Array.from({length: a.length + 1}, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; --i)
    for (let j = b.length - 1; j >= 0; --j)
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  const add = (tag, text) => {
    const last = out.lastChild;
    if (last && last.nodeName.toLowerCase() === (tag || "#text")) last.textContent += text;
    else if (tag) out.append(Object.assign(document.createElement(tag), {textContent: text}));
    else out.append(document.createTextNode(text));
  };
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add("", b[j++]);
      ++i;
    } else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) {
      add("del", a[i++]);
    } else {
      add("ins", b[j++]);
    }
  }
  return out;
}

function bar(name, mass, unknown) {
  const row = document.createElement("div");
  row.className = "bar";
  const label = document.createElement("span"), meter = document.createElement("meter"), figure = document.createElement("span");
  label.textContent = label.title = name;
  if (unknown) label.className = "unknown";
  meter.value = mass;
  meter.setAttribute("aria-label", `mass of ${name}`);
  figure.textContent = `${(100 * mass).toFixed(mass < 0.1 ? 1 : 0)} %`;
  row.append(label, meter, figure);
  return row;
}

// The largest answers of a posterior, then what gives no answer and what is not known.
export function drawAnswers(box, a) {
  box.replaceChildren(...a.answers.slice(0, 6).map((x) => bar(x.answer, x.mass)));
  if (a.none > 0.0005) box.append(bar("no answer", a.none, true));
  if (a.open > 0.0005) box.append(bar("not known", a.open, true));
  const says = document.createElement("p");
  says.className = "facts";
  const where = {draws: `${a.draws} draws`, options: "the options' texts", frame: "own sentences compared", enumeration: "all replies"}[a.way] ?? a.way;
  says.append(`by ${where}`);
  if (a.calibrated) says.append(`, right with a tested probability of ${(100 * a.confidence).toFixed(0)} %`);
  if (a.proved) {
    const mark = document.createElement("span");
    mark.className = "proved";
    mark.textContent = " ✓ proved: no other answer has as much mass";
    says.append(mark);
  }
  box.append(says);
}

export function proofText(c) {
  if (c.status === "optimal") return "✓ proved: no reply is more probable";
  if (c.gap !== null && c.gap !== undefined && Number.isFinite(c.gap)) return `not proved: another reply may be up to ${c.gap.toFixed(2)} nats more probable`;
  return "";
}
