"""PhysMaster's PyTorch twin: the same networks as src/model, pretrained here and exported to safetensors."""
