"""Suffix Metropolis on p^alpha with transformers on torch, written for speed: the peer of `ponder
sample`. peer.py FOLDER bf16 THREADS, with the folder that bench/peers/convert.py made; one JSON
request a line on stdin, one answer a line.

All chains are one batch. Keys and values of the present replies are kept, and so are their
log-probabilities (a new draw at the cut needs no pass), and proposals are written into a copy from
the cut on. Rows leave the batch when their reply has ended, or is sure to be refused. There is no
loop over chains."""

import json
import sys
import time

import torch
import transformers


class Layer(transformers.cache_utils.CacheLayerMixin):
    """Keys and values (rows, heads, length, d) of one layer, written at a different position for
    each row."""

    def __init__(self, keys, values, at):
        super().__init__()
        self.keys, self.values, self.at, self.is_initialized = keys, values, at, True

    def update(self, key_states, value_states, *_args, **_kwargs):
        rows = torch.arange(len(key_states))
        self.keys[rows, :, self.at.position] = key_states[:, :, 0]
        self.values[rows, :, self.at.position] = value_states[:, :, 0]
        return self.keys[:, :, : self.at.length], self.values[:, :, : self.at.length]

    def lazy_initialization(self, *_):
        pass

    def get_mask_sizes(self, _query_length):
        return self.at.length, 0

    def get_seq_length(self):
        return self.at.length - 1

    def get_max_length(self):
        return self.keys.shape[2]


class Chains:
    def __init__(self, model, request):
        self.model, r = model, request
        self.alpha, self.n, self.horizon = r["alpha"], r["chains"], r["horizon"]
        self.truncated = r["target"] == "truncated"  # replies of exactly `horizon` tokens that have not ended count too
        self.ends = torch.tensor(r["ends"])
        torch.manual_seed(r["seed"])
        prompt = model(input_ids=torch.tensor([r["prompt_ids"]]), use_cache=True, logits_to_keep=1)
        self.n_prompt = len(r["prompt_ids"])
        length = self.n_prompt + self.horizon
        layers = prompt.cache.layers
        shape = (len(layers), self.n, layers[0].keys.shape[1], length, layers[0].keys.shape[3])
        self.keys, self.values = torch.zeros(shape, dtype=model.dtype), torch.zeros(shape, dtype=model.dtype)
        for i, layer in enumerate(layers):
            self.keys[i, :, :, : self.n_prompt] = layer.keys
            self.values[i, :, :, : self.n_prompt] = layer.values
        n_vocab = model.config.vocab_size
        self.rows = torch.empty(self.n, self.horizon, n_vocab)  # log p
        self.rows[:, 0] = prompt.logits[0, -1].float().log_softmax(-1)
        self.tokens = torch.zeros(self.n, self.horizon, dtype=torch.long)
        self.lp, self.lz = torch.zeros(self.n, self.horizon), torch.zeros(self.n, self.horizon)
        self.length = torch.zeros(self.n, dtype=torch.long)
        self.supported = torch.zeros(self.n, dtype=torch.bool)
        self.n_tokens = 0  # pushed through the network

    def start(self):
        for k in range(200):
            cut = torch.where(self.supported, self.horizon, 0)
            exponent = self.alpha if k % 2 == 0 else 1.0
            self.take(*self.propose(cut, exponent, None), ~self.supported)
            if self.supported.all():
                break
        # lz of starts that the model itself drew
        self.lz[:] = torch.stack([(self.alpha * row).logsumexp(-1) for row in self.rows])

    def step(self):
        """One suffix move of every chain, the cut uniform over its reply, with the ratio of lengths in the acceptance."""
        cut = (torch.rand(self.n) * self.length).long()
        log_u = torch.rand(self.n).log()
        present = self.tail(self.lz, cut, self.length) - self.length.log()
        y = self.propose(cut, self.alpha, log_u + present)
        weight = self.tail(y[2], cut, y[3]) - y[3].log()
        accepted = y[4] & (log_u < weight - present)
        self.take(*y, accepted)
        return accepted

    @staticmethod
    def tail(v, begin, end):
        t = torch.arange(v.shape[1])
        return (v * ((t >= begin[:, None]) & (t < end[:, None]))).sum(1)

    def take(self, tokens, lp, lz, length, supported, keys, values, rows, which):
        chain = which.nonzero()[:, 0]
        self.tokens[chain], self.lp[chain], self.lz[chain] = tokens[chain], lp[chain], lz[chain]
        self.length[chain], self.supported[chain] = length[chain], supported[chain]
        begin = self.n_prompt
        self.keys[:, chain, :, begin:] = keys[:, chain, :, begin:]
        self.values[:, chain, :, begin:] = values[:, chain, :, begin:]
        for t, (who, row) in enumerate(rows):  # the rows that the proposals went through, pass by pass
            keep = which[who[0]]
            self.rows[who[0][keep], who[1][keep]] = row[keep]

    def propose(self, cut, exponent, bar):
        """Replies that keep the tokens before `cut`; proposals whose weight can no longer reach
        `bar` are given up."""
        tokens, lp, lz, length = self.tokens.clone(), self.lp.clone(), self.lz.clone(), cut.clone()
        supported = torch.zeros(self.n, dtype=torch.bool)
        keys, values, passed = self.keys.clone(), self.values.clone(), []
        live = (cut < self.horizon).nonzero()[:, 0]  # rows of the batch
        work_keys, work_values = keys[:, live], values[:, live]
        row = self.rows[live, cut[live]]
        while True:
            t = length[live]
            scaled = exponent * row
            most = scaled.amax(-1, keepdim=True)
            running = (scaled - most).exp().cumsum(-1)  # one sweep of exp for the sum and the draw
            lz[live, t] = most[:, 0] + running[:, -1].log()
            v = torch.searchsorted(running, torch.rand(len(live), 1) * running[:, -1:], right=True)[:, 0]
            v = v.clamp(max=row.shape[1] - 1)
            tokens[live, t], lp[live, t] = v, row[torch.arange(len(live)), v]
            length[live] += 1
            ended = torch.isin(v, self.ends)
            supported[live] = ended | (self.truncated & (length[live] == self.horizon))
            stop = ended | (length[live] == self.horizon)
            if bar is not None:
                bound = self.tail(lz, cut, length)[live] - length[live].log()
                given_up = bound < bar[live]
                supported[live[given_up]] = False
                stop |= given_up
            if stop.any():
                gone, stay = live[stop], (~stop).nonzero()[:, 0]
                keys[:, gone], values[:, gone] = work_keys[:, stop], work_values[:, stop]
                live, v = live[stay], v[stay]
                work_keys, work_values = work_keys[:, stay], work_values[:, stay]
            if len(live) == 0:
                return tokens, lp, lz, length, supported, keys, values, passed
            row = self.feed(v, self.n_prompt + length[live] - 1, work_keys, work_values)
            passed.append(((live, length[live]), row))

    def feed(self, v, position, keys, values):
        at = type("At", (), {"position": position, "length": int(position.max()) + 1})
        cache = transformers.DynamicCache()
        cache.layers = [Layer(k, w, at) for k, w in zip(keys, values, strict=True)]
        seen = torch.arange(at.length) <= position[:, None]
        mask = torch.zeros(seen.shape, dtype=keys.dtype).masked_fill(~seen, torch.finfo(keys.dtype).min)
        out = self.model(
            input_ids=v[:, None], attention_mask=mask[:, None, None], position_ids=position[:, None], cache=cache,
            use_cache=True,
        )  # fmt: skip
        self.n_tokens += len(v)
        return out.logits[:, -1].float().log_softmax(-1)


@torch.inference_mode()
def run(model, request):
    begin = time.perf_counter()
    chains = Chains(model, request)
    chains.start()
    logprobs, accepted = [], 0
    for _ in range(request["steps"]):
        accepted += int(chains.step().sum())
        logprobs.append(Chains.tail(chains.lp, torch.zeros_like(chains.length), chains.length).tolist())
    return {
        "seconds": time.perf_counter() - begin,
        "tokens": chains.n_tokens,
        "acceptance": accepted / (request["steps"] * chains.n),
        "logprobs": logprobs,  # (steps, chains)
    }


def main(folder, dtype, threads):
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(int(threads))
    kind = {"bf16": torch.bfloat16, "f32": torch.float32}[dtype]
    model = transformers.AutoModelForCausalLM.from_pretrained(f"{folder}/{dtype}", dtype=kind).eval()
    model.set_attn_implementation("eager")
    for line in sys.stdin:
        print(json.dumps(run(model, json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
