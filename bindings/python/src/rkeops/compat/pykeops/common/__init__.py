"""What pykeops has for NumPy and PyTorch alike."""
