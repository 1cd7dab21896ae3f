"""The speech model w2v-BERT 2.0 as a front-end."""
