"""Label subsets, pre-training, fine-tuning."""
