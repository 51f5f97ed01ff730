"""A CLIP model small enough to be written by a test: random weights, a tokenizer of single letters."""

from pathlib import Path

import torch

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write_tiny_clip(folder: Path) -> Path:
    """Write a folder as the Hugging Face hub has them: 32-pixel crops, patches of 8, 16 values an embedding."""
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    words = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    tokenizer = CLIPTokenizer(vocab={word: index for index, word in enumerate(words)}, merges=[])
    shape = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {"vocab_size": len(words), "max_position_embeddings": 12, "bos_token_id": 0, "eos_token_id": 1}
    config = CLIPConfig(
        text_config=shape | text | {"pad_token_id": 1},
        vision_config=shape | {"image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CLIPModel(config)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
