"""Neural vocoders in ONNX files."""
