"""Softmax attention with a memory that grows with the length of the sequence, not with its square, with PyTorch.

    out_i = sum_j softmax_j((q_i | k_j) / sqrt(D)) v_j

for each head of each sequence of a batch (Vaswani et al., "Attention is all you need", 2017). The weights of all
pairs are never stored, neither for the result nor for its gradients (as Rabe and Staats propose, "Self-attention does
not need O(n^2) memory", 2021). PyTorch's own function gives the same.
"""

import math

import torch
from data import options, timed
from torch.nn.functional import scaled_dot_product_attention

from rkeops.torch import LazyTensor


def attention(q, k, v):
    """Queries (..., M, D), keys (..., N, D) and values (..., N, E) to results (..., M, E)."""
    q_i = LazyTensor(q[..., :, None, :])
    k_j, v_j = LazyTensor(k[..., None, :, :]), LazyTensor(v[..., None, :, :])
    scores = (q_i | k_j) / math.sqrt(q.shape[-1])
    return scores.sumsoftmaxweight(v_j, dim=q.dim() - 1)


def main():
    points = options(__doc__, points=1000).points
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 4, points, 32, requires_grad=True) for _ in range(3))
    direction = torch.randn(2, 4, points, 32)

    results = {}
    for name, function in (("rkeops", attention), ("torch", scaled_dot_product_attention)):
        with timed(f"{name}, 2 sequences of {points} tokens, 4 heads, with gradients"):
            out = function(q, k, v)
            results[name] = (out, *torch.autograd.grad((out * direction).sum(), (q, k, v)))
    for what, ours, theirs in zip(("out", "grad q", "grad k", "grad v"), *results.values()):
        difference = (ours - theirs).abs().max() / theirs.abs().max()
        print(f"{what}: relative difference {difference.item():.2g}")
        assert difference < 1e-5


if __name__ == "__main__":
    main()
