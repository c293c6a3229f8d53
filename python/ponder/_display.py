"""How results print: text as the program's screen has it, and HTML for notebooks, where tokens have the
colour of their probability. Numbers come from the results; nothing is computed here but exp."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._decisions import Decision
    from ._numbers import Design, Designs, Draws
    from ._records import Answer, Certificate, Proof, Reply, Thought, TokenProb

WIDTH, INDENT = 80, 10  # columns
SHADES = [(0.5, ""), (0.1, "background:rgba(0,150,170,.25)"), (0.01, "background:rgba(210,160,0,.35)"),
          (0.0, "background:rgba(200,0,160,.35);text-decoration:underline")]  # fmt: skip
# Okabe and Ito's colours, which colour-blind readers can tell apart; tools/plot_designs.py has them, too.
BASES = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}


def short(kind: str, reply: str, logprob: float | None, more: str = "") -> str:
    """On one line."""
    shown = textwrap.shorten(reply, 50, placeholder="…")
    return f"{kind}({shown!r}, log p {number(logprob)}{more})"


def number(x: float | None) -> str:
    return "unknown" if x is None else f"{x:.2f}"


def column(label: str, text: str) -> str:
    """A label, and a text in a column beside it."""
    lines = [piece for line in text.split("\n") for piece in textwrap.wrap(line, WIDTH - INDENT) or [""]]
    return "\n".join(f"{label if i == 0 else '':<{INDENT}}{line}".rstrip() for i, line in enumerate(lines))


def figures(r: Reply) -> str:
    return f"log p {number(r.logprob)}   {r.n_tokens} tokens" + ("" if r.ended else ", cut")


def lengths(c: Certificate) -> str:
    """The replies that a certificate is about."""
    if c.claim == "fixed":
        return f"exactly {c.horizon} tokens"
    if c.claim in ("any-length", "like-length"):
        return f"at least {c.shortest} tokens" if c.shortest > 1 else "any length"
    return f"{c.shortest} to {c.horizon} tokens" if c.shortest > 1 else f"up to {c.horizon} tokens"


def proof_sentence(c: Certificate) -> str:
    if c.status == "optimal":
        return f"no reply of {lengths(c)} is more probable; {c.expanded} prefixes expanded"
    if c.status == "gap" and c.gap is not None:
        return f"another reply of {lengths(c)} could be at most {c.gap:.2f} nats better; {c.expanded} prefixes expanded"
    return "none"


def thought_text(t: Thought) -> str:
    lines = [column("first", t.first.reply), column("", figures(t.first))]
    if t.reply_ids == t.first.reply_ids:
        lines.append(column("likelier", "none was found"))
    else:
        times = "" if t.gain is None else f"   +{t.gain:.2f} nats, {math.exp(min(t.gain, 700)):.3g} times as probable"
        lines += [column("likelier", t.reply), column("", figures(t) + times)]
    if t.also:
        lines += [column("also", t.also.reply), column("", figures(t.also) + "   shorter, and likelier because it is short")]
    if t.answer and t.answer.answer is not None:
        lines.append(column("answer", f"{t.answer.answer}   mass {t.answer.mass:.4f}"))
    lines += [column("note", n) for n in t.notes]
    if t.stopped:
        lines.append(column("note", "stopped: this is the best so far"))
    lines.append(column("gap" if t.certificate.status == "gap" else "proof", proof_sentence(t.certificate)))
    return "\n".join(lines)


def answer_text(a: Answer) -> str:
    if a.held_back is not None:
        lines = [column("answer", f"held back: {a.held_back} is not sure enough")]
    else:
        lines = [column("answer", "none" if a.answer is None else a.answer)]
    lines.append(column("", f"mass {a.mass:.4f}, from {a.lower:.4f} to {a.upper:.4f}" + (", proved" if a.proved else "")))
    lines.append(column("", f"confidence {a.confidence:.4f}" + (", calibrated" if a.calibrated else "")))
    lines += [column("", f"{m.mass:8.4f}  {m.answer}") for m in a.answers[1:4]]
    return "\n".join([*lines, *(column("note", n) for n in a.notes)])


def proof_text(p: Proof) -> str:
    rows: Iterable[Reply] = p.n_best if p.per_length is None else p.per_length
    lines = [part for i, r in enumerate(rows) for part in (column(str(i + 1), r.reply), column("", f"log p {number(r.logprob)}"))]
    return "\n".join([*lines, column("proof", proof_sentence(p.certificate))])


def decision_text(d: Decision) -> str:
    if d.probability is not None:
        rows = [(d.probability, "yes"), (1 - d.probability, "no")]
    else:
        rows = [(p.probability, str(p.label or p.value)) for p in d.probabilities]
    if d.choice is not None:
        rows.sort(key=lambda r: -r[0])
    if d.score is not None:
        rows.append((d.score, f"mean, deviation {d.deviation or 0:.4f}"))
    return "\n".join(f"{p:8.4f}  {label}" for p, label in [*rows, (d.mass, "mass: of all labels together")])


def draws_text(d: Draws) -> str:
    total = sum(r.count for r in d.replies) or 1
    lines = [f"{r.count / total:8.4f}  {number(r.logprob):>9}  {textwrap.shorten(r.reply, 58, placeholder='…')}" for r in d.replies[:10]]
    if len(d.replies) > 10:
        lines.append(f"{'':19}  and {len(d.replies) - 10} more")
    for name, rhat in d.diagnostics.rhat.items():
        ess = d.diagnostics.ess_bulk[name]
        lines.append(column(name, f"R-hat {number(rhat)}, bulk ESS {'unknown' if ess is None else f'{ess:.0f}'}"))
    verdict = "converged" if d.verdict.converged else f"not converged: {d.verdict.reason}"
    return "\n".join([*lines, column("verdict", verdict)])


def pre(text: str) -> str:
    return f'<pre style="font-family:monospace">{html.escape(text)}</pre>'


def shade(logprob: float | None) -> str:
    p = 1.0 if logprob is None else math.exp(min(logprob, 0))
    return next(style for least, style in SHADES if p >= least)


def tokens_html(tokens: Iterable[TokenProb]) -> str:
    """Each token in the colour of its probability, which its tooltip says."""
    spans = []
    for t in tokens:
        if t.text:
            p = "" if t.logprob is None else f"p = {math.exp(min(t.logprob, 0)):.4g}"
            spans.append(f'<span style="{shade(t.logprob)}" title="{p}">{html.escape(t.text)}</span>')
    return f'<div style="white-space:pre-wrap">{"".join(spans)}</div>'


def figures_html(logprob: float | None, n_tokens: int) -> str:
    return f"<div><small>log p {number(logprob)}, {n_tokens} tokens</small></div>"


def reply_html(tokens: tuple[TokenProb, ...], r: Reply) -> str:
    text = tokens_html(tokens) if tokens else f'<div style="white-space:pre-wrap">{html.escape(r.reply)}</div>'
    return text + figures_html(r.logprob, r.n_tokens)


def thought_html(t: Thought) -> str:
    parts = ["<b>first</b>", reply_html((), t.first)]
    if t.reply_ids != t.first.reply_ids:
        parts += ["<b>likelier</b>", reply_html(t.tokens, t)]
    if t.also:
        parts += ["<b>also</b>", reply_html((), t.also)]
    if t.answer and t.answer.answer is not None:
        parts.append(f"<div><b>answer</b> {html.escape(t.answer.answer)}, mass {t.answer.mass:.4f}</div>")
    return "".join([*parts, f"<div><b>proof</b> {html.escape(proof_sentence(t.certificate))}</div>"])


def answer_html(a: Answer) -> str:
    """The masses as bars."""
    bar = '<tr><td>{}</td><td><div style="width:{:.1f}px;height:.8em;background:rgba(0,150,170,.5)"></div></td><td>{:.4f}</td></tr>'
    rows = [bar.format(html.escape(m.answer), 200 * m.mass, m.mass) for m in a.answers]
    rows += [bar.format(f"<i>{name}</i>", 200 * mass, mass) for name, mass in (("no answer", a.none), ("not known", a.open)) if mass > 0]
    return f"<table>{''.join(rows)}</table>"


def sequence_html(d: Design) -> str:
    """Each letter in its colour, the best places of motifs underlined."""
    inside = {i for p in d.places for i in range(p.begin, p.end)}
    style = {b: f"color:{c}" for b, c in BASES.items()}
    letters = [f'<span style="{style.get(b, "")}{";text-decoration:underline" if i in inside else ""}">{b}</span>' for i, b in enumerate(d.sequence)]
    return f'<code style="font-weight:bold;word-break:break-all">{"".join(letters)}</code>'


def designs_html(d: Designs) -> str:
    """The first ten, as a table."""
    row = '<tr><td>{}</td><td style="text-align:left">{}</td></tr>'
    rows = [row.format("-inf" if x.fitness is None else f"{x.fitness:.4f}", sequence_html(x)) for x in d.designs[:10]]
    if len(d.designs) > 10:
        rows.append(row.format("", f"and {len(d.designs) - 10} more"))
    return f"<table>{''.join(rows)}</table>"
