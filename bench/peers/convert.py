"""Turns a GGUF file into checkpoints for transformers: FOLDER/f32 with the dequantised weights,
FOLDER/bf16 with the same rounded. Run with the python of the Hugging Face environment: convert.py
MODEL.gguf FOLDER. transformers reads the file."""

import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, GgufConfig


def main(gguf: str, folder: str) -> None:
    file = pathlib.Path(gguf)
    model = AutoModelForCausalLM.from_pretrained(
        file.parent,
        gguf_file=file.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        model.to(dtype).save_pretrained(pathlib.Path(folder) / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
