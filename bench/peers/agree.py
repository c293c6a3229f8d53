"""Checks that all parties have the same model, by comparing their log-probabilities of the same
replies with ponder's in f32. This comes before any timing; a party that disagrees ends the run."""

from collections.abc import Iterator

from parties import HF_F32, PONDER, PartyError, Peer, Ponder

TEXTS = (
    (
        "The harbour was quiet in the morning, and the boats lay still.",
        " Later the wind rose, and by noon every sail in the town was out on the bay.",
    ),
    (
        "def mean(values):\n    return sum(values) / len(values)\n\n",
        "def variance(values):\n    m = mean(values)\n    return mean([(v - m) ** 2 for"
        " v in values])\n",
    ),
    (
        "La Seine traverse Paris d'est en ouest.",
        " Elle passe devant Notre-Dame, puis devant la tour Eiffel.",
    ),
)
# Mean of the absolute differences, nats a token. In f32 only the order of sums differs;
# elsewhere weights or activations are rounded to bf16 or to eight bits.
LIMIT_F32, LIMIT_ROUNDED = 0.001, 0.15


def differences(parties: dict[str, Ponder | Peer]) -> Iterator[tuple[str, dict]]:
    """The mean and largest absolute difference of each party from ponder in f32, nats."""
    requests = [{"prompt": prompt, "reply": reply} for prompt, reply in TEXTS]
    reference = parties[PONDER].score(requests, "f32")
    for name, party in parties.items():
        scored = party.score([{k: r[k] for k in ("prompt_ids", "reply_ids")} for r in reference])
        gaps = [
            abs(a - b)
            for ours, theirs in zip(reference, scored, strict=True)
            for a, b in zip(ours["logprobs"], theirs["logprobs"], strict=True)
        ]
        yield name, {"mean": sum(gaps) / len(gaps), "max": max(gaps)}


def check(parties: dict[str, Ponder | Peer]) -> dict[str, dict]:
    """All differences; raises PartyError at the first that is too large. The parties must have
    been started."""
    agreement = {}
    for name, gap in differences(parties):
        limit = LIMIT_F32 if name == HF_F32 else LIMIT_ROUNDED
        if not gap["mean"] <= limit:
            raise PartyError(
                f"{name} does not hold the same model: log-probabilities differ from"
                f" ponder's in f32 by {gap['mean']:.4g} nats a token, at most {limit}"
            )
        agreement[name] = gap
    return agreement
