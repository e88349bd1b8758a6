"""What pykeops knows of GPUs."""

from __future__ import annotations

from rkeops import _cuda


def get_gpu_number() -> int:
    """How many GPUs compute."""
    return _cuda.device_count()
