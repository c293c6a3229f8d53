"""Writes tests/data/tiny/qwen3moe and tests/data/tiny/gpt-oss: models with mixtures of experts.

    python3 tools/make_expert_cases.py        # needs: pip install torch transformers gguf

Each is a model of transformers with random weights of a fixed seed, rounded to the tensor types of
its GGUF file, whose names and keys are llama.cpp's. The tokenizer is that of tests/data/tiny/qwen3.
seqs.jsonl has log-probabilities of sequences in float32; cases.jsonl has shorter ones with keys to
change in the file, and the gradient of their sum in the embeddings of the tokens, (n, 64).
"""
import json
import pathlib

import gguf
import numpy as np
import torch
from gguf.quants import dequantize, quantize
from transformers import GptOssConfig, GptOssForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM

TINY = pathlib.Path(__file__).parent.parent / "tests/data/tiny"
WIDTH, VOCAB, CONTEXT = 64, 300, 128
Q8, Q4, MX, F16, F32 = (gguf.GGMLQuantizationType[t] for t in ("Q8_0", "Q4_0", "MXFP4", "F16", "F32"))


class Writer:
    """Fills a model's parameters with random values, as it writes them."""

    def __init__(self, name, pre, keys):
        self.dir = TINY / name
        self.dir.mkdir(exist_ok=True)
        self.file = gguf.GGUFWriter(self.dir / "model.gguf", name)
        self.rng = np.random.default_rng(7)
        for key, value in keys.items():
            kind = {int: "uint32", float: "float32", str: "string"}[type(value)]
            getattr(self.file, "add_" + kind)(f"{name}.{key}", value)
        for key, field in gguf.GGUFReader(TINY / "qwen3/model.gguf").fields.items():
            if key == "tokenizer.ggml.pre":
                self.file.add_string(key, pre)
            elif key.startswith("tokenizer."):
                self.file.add_key_value(key, field.contents(), *field.types[:2])

    def tensor(self, name, shape, kind, scale, mean=0.0):
        """Values as the file has them, float32 of `shape`, outputs first."""
        x = (mean + scale * self.rng.standard_normal(shape)).astype(np.float32)
        if kind is F32:
            self.file.add_tensor(name, x)
            return torch.from_numpy(x)
        data = quantize(x, kind)
        self.file.add_tensor(name, data, raw_dtype=kind)
        return torch.from_numpy(dequantize(data, kind).reshape(shape).astype(np.float32))

    def fill(self, parameter, name, kind=F32, scale=None, mean=0.0):
        """A scale that is not given makes outputs of the size of the inputs."""
        shape = tuple(parameter.shape)
        parameter.data.copy_(self.tensor(name, shape, kind, scale or shape[-1] ** -0.5, mean))

    def attention(self, i, layer, kind, biases):
        a = layer.self_attn
        self.fill(layer.input_layernorm.weight, f"blk.{i}.attn_norm.weight", scale=0.2, mean=1)
        for ours, theirs in ("q", a.q_proj), ("k", a.k_proj), ("v", a.v_proj), ("output", a.o_proj):
            self.fill(theirs.weight, f"blk.{i}.attn_{ours}.weight", kind)
            if biases:
                self.fill(theirs.bias, f"blk.{i}.attn_{ours}.bias", scale=0.3)

    def close(self):
        self.file.write_header_to_file()
        self.file.write_kv_data_to_file()
        self.file.write_tensors_to_file()
        self.file.close()
        size = (self.dir / "model.gguf").stat().st_size
        assert size < 200_000, size


def log_probs(model, ids, gradient=False):
    x = model.get_input_embeddings()(torch.tensor([ids])).detach().requires_grad_(gradient)
    logits = model(inputs_embeds=x, use_cache=False).logits[0, :-1]
    lp = torch.log_softmax(logits, -1).gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
    if not gradient:
        return lp.detach(), None
    lp.sum().backward()
    return lp.detach(), x.grad[0]


def numbers(x, digits):
    return [float(f"{v:.{digits}g}") for v in x.tolist()]


def write_cases(folder, model, changes):
    """changes: a function that changes the model, and the keys of the file that say so."""
    draw = np.random.default_rng(11)
    ids = [draw.integers(0, VOCAB, n).tolist() for n in (24, 24, 24, 24, 12)]
    with open(folder / "seqs.jsonl", "w") as out:
        for i, s in enumerate(ids[:4]):
            out.write(json.dumps({"seq": i, "ids": s, "logp": numbers(log_probs(model, s)[0], 8)}) + "\n")
    with open(folder / "cases.jsonl", "w") as out:
        for change, keys in changes:
            change(model)
            lp, gradient = log_probs(model, ids[4], True)
            row = {"changes": keys, "ids": ids[4], "logp": numbers(lp, 8)}
            out.write(json.dumps(row | {"gradient": numbers(gradient.flatten(), 6)}) + "\n")


def model_of(cls, config):
    torch.manual_seed(0)
    return cls._from_config(config, attn_implementation="eager", experts_implementation="eager").float().eval()


def qwen3moe():
    experts, used, inner, layers = 6, 2, 48, 2
    c = Qwen3MoeConfig(
        vocab_size=VOCAB, hidden_size=WIDTH, num_hidden_layers=layers, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, moe_intermediate_size=inner, num_experts=experts,
        num_experts_per_tok=used, norm_topk_prob=True, tie_word_embeddings=True,
        max_position_embeddings=CONTEXT, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    model = model_of(Qwen3MoeForCausalLM, c)
    w = Writer("qwen3moe", "qwen2", {
        "block_count": layers, "context_length": CONTEXT, "embedding_length": WIDTH,
        "feed_forward_length": 2 * inner, "attention.head_count": 4, "attention.head_count_kv": 2,
        "attention.key_length": 16, "attention.value_length": 16, "rope.freq_base": 10000.0,
        "attention.layer_norm_rms_epsilon": 1e-6, "expert_count": experts, "expert_used_count": used,
        "expert_feed_forward_length": inner})
    w.fill(model.model.embed_tokens.weight, "token_embd.weight", Q8, 0.3)
    w.fill(model.model.norm.weight, "output_norm.weight", scale=0.2, mean=1)
    for i, layer in enumerate(model.model.layers):
        w.attention(i, layer, Q8, False)
        for n in "q", "k":
            w.fill(getattr(layer.self_attn, n + "_norm").weight, f"blk.{i}.attn_{n}_norm.weight", scale=0.2, mean=1)
        w.fill(layer.post_attention_layernorm.weight, f"blk.{i}.ffn_norm.weight", scale=0.2, mean=1)
        w.fill(layer.mlp.gate.weight, f"blk.{i}.ffn_gate_inp.weight", scale=2 * WIDTH**-0.5)
        gate = w.tensor(f"blk.{i}.ffn_gate_exps.weight", (experts, inner, WIDTH), Q8, WIDTH**-0.5)
        up = w.tensor(f"blk.{i}.ffn_up_exps.weight", (experts, inner, WIDTH), Q4, WIDTH**-0.5)
        layer.mlp.experts.gate_up_proj.data.copy_(torch.cat([gate, up], 1))
        w.fill(layer.mlp.experts.down_proj, f"blk.{i}.ffn_down_exps.weight", F16, 0.7 * inner**-0.5)
    w.close()

    def softmax_over_all(m):
        for layer in m.model.layers:
            layer.mlp.gate.norm_topk_prob = False

    write_cases(w.dir, model, [(lambda m: None, {}), (softmax_over_all, {"qwen3moe.expert_weights_norm": False})])


def gpt_oss():
    experts, used, inner, layers, head, window = 5, 3, 32, 3, 32, 7
    yarn = {"factor": 4.0, "beta_fast": 4.0, "beta_slow": 0.25, "original_max_position_embeddings": CONTEXT // 4}
    c = GptOssConfig(
        vocab_size=VOCAB, hidden_size=WIDTH, intermediate_size=inner, num_hidden_layers=layers,
        num_local_experts=experts, num_experts_per_tok=used, num_attention_heads=4, num_key_value_heads=2,
        head_dim=head, sliding_window=window, max_position_embeddings=CONTEXT,
        rope_parameters={"rope_type": "yarn", "rope_theta": 10000.0, "truncate": False} | yarn)
    model = model_of(GptOssForCausalLM, c)
    w = Writer("gpt-oss", "gpt-4o", {
        "block_count": layers, "context_length": CONTEXT, "embedding_length": WIDTH,
        "feed_forward_length": inner, "attention.head_count": 4, "attention.head_count_kv": 2,
        "attention.key_length": head, "attention.value_length": head, "rope.freq_base": 10000.0,
        "attention.layer_norm_rms_epsilon": 1e-5, "attention.sliding_window": window,
        "expert_count": experts, "expert_used_count": used, "expert_feed_forward_length": inner,
        "rope.dimension_count": head, "rope.scaling.type": "yarn", "rope.scaling.factor": yarn["factor"],
        "rope.scaling.original_context_length": CONTEXT // 4,
        "rope.scaling.yarn_beta_fast": yarn["beta_fast"], "rope.scaling.yarn_beta_slow": yarn["beta_slow"]})
    w.fill(model.model.embed_tokens.weight, "token_embd.weight", Q8, 0.3)
    w.fill(model.lm_head.weight, "output.weight", Q8, 0.3)
    w.fill(model.model.norm.weight, "output_norm.weight", scale=0.2, mean=1)
    for i, layer in enumerate(model.model.layers):
        w.attention(i, layer, Q8, True)
        w.fill(layer.self_attn.sinks, f"blk.{i}.attn_sinks.weight", scale=1.0, mean=1)
        w.fill(layer.post_attention_layernorm.weight, f"blk.{i}.post_attention_norm.weight", scale=0.2, mean=1)
        w.fill(layer.mlp.router.weight, f"blk.{i}.ffn_gate_inp.weight", scale=2 * WIDTH**-0.5)
        w.fill(layer.mlp.router.bias, f"blk.{i}.ffn_gate_inp.bias", scale=1.0)
        e = layer.mlp.experts
        for k, part in enumerate(("gate", "up")):  # wide enough for the clamps
            name = f"blk.{i}.ffn_{part}_exps."
            e.gate_up_proj.data[:, :, k::2] = w.tensor(
                name + "weight", (experts, inner, WIDTH), MX, 4 * WIDTH**-0.5).transpose(1, 2)
            e.gate_up_proj_bias.data[:, k::2] = w.tensor(name + "bias", (experts, inner), F32, 1.0)
        name = f"blk.{i}.ffn_down_exps."
        e.down_proj.data.copy_(
            w.tensor(name + "weight", (experts, WIDTH, inner), MX, 0.05 * inner**-0.5).transpose(1, 2))
        w.fill(e.down_proj_bias, name + "bias", scale=0.2)
    w.close()
    write_cases(w.dir, model, [(lambda m: None, {})])


if __name__ == "__main__":
    qwen3moe()
    gpt_oss()
