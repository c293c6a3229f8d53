"""Writes tests/data/tiny/NAME: tiny random models of architectures, with transformers' numbers.

    python3 tools/make_arch_cases.py            # all of them; or the names of some
    needs: pip install torch transformers gguf (made with 2.15, 5.24 and 0.19)

Each model has every special case of its architecture, at sizes at which it shows: a window shorter
than the sequences, factors other than 1. Its matrices have the values of Q8_0 blocks, so that the
file and transformers have the same weights. Tensors have llama.cpp's names (gguf's table) and its
converter's order of rows and weights of norms. Tokens are those of tests/data/tiny/llama-tied.

NAME/model.gguf   the model
NAME/seqs.jsonl   three sequences: ids, logp of each id but the first (nats; float32, eager); the first
                  row has "grad" (n, n_embd) as well: the derivative of the summed logp of the ids
                  after the first "given" ones in the vectors of these ids that enter the first layer
"""
import json
import pathlib
import sys
import zlib

import gguf
import numpy as np
import torch
import transformers

TINY = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "tiny"
VOCAB, WIDTH, FF, HEADS, KV_HEADS, HEAD, CONTEXT = 300, 64, 32, 4, 2, 16, 128
LENGTH, GIVEN = 32, 9
Q8_0 = gguf.GGMLQuantizationType.Q8_0


def yarn(beta_fast=8.0, **more):
    return {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": 8, "beta_fast": beta_fast, "beta_slow": 1.0, **more}


def write_yarn(w, p):
    w.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    w.add_rope_scaling_factor(p["factor"])
    w.add_rope_scaling_orig_ctx_len(p["original_max_position_embeddings"])
    w.add_rope_scaling_yarn_beta_fast(p["beta_fast"])
    w.add_rope_scaling_yarn_beta_slow(p["beta_slow"])


def gemma2(w, c):
    w.add_key_length(c.head_dim)
    w.add_value_length(c.head_dim)
    w.add_attn_logit_softcapping(c.attn_logit_softcapping)
    w.add_final_logit_softcapping(c.final_logit_softcapping)
    w.add_sliding_window(c.sliding_window)


def olmo3(w, c):
    w.add_sliding_window(c.sliding_window)
    w.add_sliding_window_pattern([t == "sliding_attention" for t in c.layer_types])
    write_yarn(w, c.rope_parameters["full_attention"])


def granite(w, c):
    w.add_embedding_scale(c.embedding_multiplier)
    w.add_residual_scale(c.residual_multiplier)
    w.add_attention_scale(c.attention_multiplier)
    w.add_logit_scale(c.logits_scaling)


def mistral3(w, c):
    p = c.rope_parameters
    write_yarn(w, p)
    w.add_rope_scaling_yarn_log_mul(p["mscale_all_dim"])
    w.add_attn_temperature_scale(p["llama_4_scaling_beta"])


def phi3(w, c):
    p = c.rope_parameters
    original = c.original_max_position_embeddings
    w.add_sliding_window(c.sliding_window)
    w.add_rope_dimension_count(int(HEAD * p["partial_rotary_factor"]))
    w.add_rope_scaling_orig_ctx_len(original)
    w.add_rope_scaling_attn_factors(float(np.sqrt(1 + np.log(CONTEXT / original) / np.log(original))))
    for kind in "long", "short":
        w.add_tensor(f"rope_factors_{kind}.weight", np.array(p[f"{kind}_factor"], dtype=np.float32))


def longrope():
    return {"rope_type": "longrope", "rope_theta": 1e4, "partial_rotary_factor": 0.75,
            "short_factor": [1.0, 1.1, 1.2, 1.5, 2.0, 3.0], "long_factor": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]}


# name: gguf's architecture, transformers' classes, layers, settings, writer of its keys; whether
# the converter orders rows of Q and K so that rotary pairs are neighbours.
CASES = {
    "gemma2": ("GEMMA2", "Gemma2", 4, {"sliding_window": 6, "attn_logit_softcapping": 1.5, "final_logit_softcapping": 4.0, "query_pre_attn_scalar": HEAD}, gemma2, False),
    "olmo2": ("OLMO2", "Olmo2", 2, {"rope_parameters": {"rope_type": "default", "rope_theta": 5e5}}, lambda w, c: None, False),
    "olmo3": ("OLMO2", "Olmo3", 4, {"sliding_window": 6, "rope_parameters": {"full_attention": yarn(), "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}},
              olmo3, False),
    "granite": ("GRANITE", "Granite", 2, {"embedding_multiplier": 6.0, "residual_multiplier": 0.4, "attention_multiplier": 0.1, "logits_scaling": 1.6, "tie_word_embeddings": True},
                granite, True),
    "smollm3": ("SMOLLM3", "SmolLM3", 4, {}, lambda w, c: None, True),
    "mistral3": ("MISTRAL3", "Ministral3", 2, {"rope_parameters": yarn(mscale=1.0, mscale_all_dim=0.5, llama_4_scaling_beta=0.3)}, mistral3, True),
    "phi3": ("PHI3", "Phi3", 2, {"sliding_window": 10, "original_max_position_embeddings": 64, "rope_parameters": longrope()}, phi3, False),
}


def make_model(name: str):
    """A model in float32 with random weights that Q8_0 holds exactly."""
    _, classes, n_layers, settings, _, _ = CASES[name]
    torch.manual_seed(zlib.crc32(name.encode()))
    config = getattr(transformers, classes + "Config")(**{
        "vocab_size": VOCAB, "hidden_size": WIDTH, "intermediate_size": FF, "num_hidden_layers": n_layers, "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS, "head_dim": HEAD, "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "pad_token_id": 0, **settings})
    config._attn_implementation = "eager"
    model = getattr(transformers, classes + "ForCausalLM")(config).float().eval()
    for key, p in model.named_parameters():
        if p.ndim == 1:
            p.data = torch.randn_like(p) * 0.2 + (0 if name.startswith("gemma") else 1)
        else:
            values = (torch.randn_like(p) * (0.3 if key.startswith(("model.embed", "lm_head")) else 0.15)).numpy()
            p.data = torch.from_numpy(gguf.quants.dequantize(gguf.quants.quantize(values, Q8_0), Q8_0).reshape(values.shape))
    return model


def copy_tokenizer(w: gguf.GGUFWriter) -> None:
    for key, field in gguf.GGUFReader(TINY / "llama-tied" / "model.gguf").fields.items():
        if key.startswith("tokenizer."):
            w.add_key_value(key, field.contents(), field.types[0], field.types[1] if len(field.types) > 1 else None)


def neighbours(weight: np.ndarray) -> np.ndarray:
    """Rows of Q or K with the two of each rotary pair, HEAD / 2 apart, beside each other."""
    order = np.arange(HEAD).reshape(2, HEAD // 2).T.ravel()
    return weight.reshape(-1, HEAD, weight.shape[1])[:, order].reshape(weight.shape)


def write(name: str, model) -> None:
    arch, _, n_layers, _, write_keys, permuted = CASES[name]
    c, number = model.config, gguf.MODEL_ARCH[arch]
    w = gguf.GGUFWriter(TINY / name / "model.gguf", gguf.MODEL_ARCH_NAMES[number])
    w.add_name(f"tiny-{name}")
    w.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    w.add_context_length(CONTEXT)
    w.add_embedding_length(WIDTH)
    w.add_block_count(n_layers)
    w.add_feed_forward_length(FF)
    w.add_head_count(HEADS)
    w.add_head_count_kv(KV_HEADS)
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_rope_freq_base(c.rope_parameters.get("full_attention", c.rope_parameters)["rope_theta"])
    write_keys(w, c)
    copy_tokenizer(w)
    names = gguf.get_tensor_name_map(number, n_layers)
    for key, p in model.named_parameters():
        data = p.detach().numpy()
        if permuted and key.endswith(("q_proj.weight", "k_proj.weight")):
            data = neighbours(data)
        if p.ndim == 1:
            w.add_tensor(names.get_name(key, (".weight",)), data + (1 if name.startswith("gemma") else 0))
        else:
            w.add_tensor(names.get_name(key, (".weight",)), gguf.quants.quantize(data, Q8_0), raw_dtype=Q8_0)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def numbers(model, ids: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """(n - 1) logp of each id after the first, and (n - GIVEN, WIDTH) derivatives."""
    entered = []

    def enter(_, args):
        entered.append(args[0].detach().requires_grad_())
        return (entered[0], *args[1:])

    hook = model.model.layers[0].register_forward_pre_hook(enter)
    logits = model(torch.tensor([ids]), use_cache=False).logits[0]
    hook.remove()
    logp = torch.log_softmax(logits, dim=1)[torch.arange(len(ids) - 1), ids[1:]]
    (grad,) = torch.autograd.grad(logp[GIVEN - 1:].sum(), entered)
    return logp.detach(), grad[0, GIVEN:]


def main() -> None:
    for name in sys.argv[1:] or CASES:
        (TINY / name).mkdir(exist_ok=True)
        model = make_model(name)
        write(name, model)
        with open(TINY / name / "seqs.jsonl", "w", encoding="utf-8") as out:
            for seq in range(3):
                ids = torch.randint(0, VOCAB, (LENGTH,)).tolist()
                logp, grad = numbers(model, ids)
                row = {"seq": seq, "ids": ids, "logp": [round(x, 6) for x in logp.tolist()]}
                if seq == 0:
                    row |= {"given": GIVEN, "grad": [float(f"{x:.6g}") for x in grad.flatten().tolist()]}
                out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
