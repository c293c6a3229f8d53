// Tokens coloured by their probability, with what else could have stood there.

const tip = document.getElementById("alternatives");

function percent(logprob) {
  const p = 100 * Math.exp(logprob);
  return p >= 10 ? `${p.toFixed(0)} %` : p >= 0.1 ? `${p.toFixed(1)} %` : "< 0.1 %";
}

// Nothing for a token that had to come, red for one that was unlikely.
function colour(logprob) {
  const surprise = Math.min(1, Math.max(0, -logprob / 6));
  return surprise < 0.05 ? "" : `hsl(${50 - 45 * surprise} 90% 50% / ${(0.12 + 0.4 * surprise).toFixed(2)})`;
}

function spelled(text) {
  return text.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
}

function show(token) {
  const lines = [`${spelled(token.dataset.text)}  ${percent(Number(token.dataset.logprob))}`];
  for (const [text, logprob] of JSON.parse(token.dataset.top ?? "[]")) if (text !== token.dataset.text) lines.push(`${spelled(text)}  ${percent(logprob)}`);
  tip.textContent = lines.join("\n");
  tip.hidden = false;
  const at = token.getBoundingClientRect(), own = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - own.width - 8)) + scrollX}px`;
  tip.style.top = `${at.bottom + scrollY + 4}px`;
}

// One stop for the keyboard, not one a token: the arrows go on from there.
export function tokenText() {
  const box = document.createElement("div");
  box.className = "text";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Reply; arrow keys tell the probability of each token");
  const hide = () => { tip.hidden = true; };
  box.addEventListener("pointerover", (e) => { if (e.target.classList.contains("token")) show(e.target); });
  box.addEventListener("pointerout", hide);
  box.addEventListener("focusin", (e) => { if (e.target.classList.contains("token")) show(e.target); });
  box.addEventListener("focusout", hide);
  box.addEventListener("keydown", (e) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[e.key];
    if (e.key === "Escape") hide();
    if (!step) return;
    const all = [...box.querySelectorAll(".token")], next = all[all.indexOf(document.activeElement) + step];
    if (next) next.focus();
    e.preventDefault();
  });
  return box;
}

// top: [[text, logprob], …], the likeliest first.
export function addToken(box, text, logprob, top) {
  if (!text) return;
  const token = document.createElement("span");
  token.className = "token";
  token.textContent = text;
  token.tabIndex = box.childElementCount ? -1 : 0;
  token.dataset.text = text;
  token.dataset.logprob = logprob;
  token.setAttribute("aria-description", percent(logprob));
  if (top) token.dataset.top = JSON.stringify(top);
  token.style.background = colour(logprob);
  box.append(token);
}
