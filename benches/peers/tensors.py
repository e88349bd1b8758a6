"""torch on its CPU."""

from row import Against


def attention(least=None, share=1):
    """torch's scaled_dot_product_attention, one head."""
    return Against("torch attention", _attention, least, share)


def _attention(work, run):
    import torch

    q, k, v = (torch.from_numpy(a)[None, None] for a in work.inputs)

    @torch.no_grad
    def call():
        return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    return call, lambda result: [result[0, 0].numpy()]


def broadcasting(least=None, share=1):
    """A batch of Gaussian sums as torch's users write it: all differences at once."""
    return Against("torch broadcasting", _broadcasting, least, share)


def _broadcasting(work, run):
    import torch

    x, y, b = map(torch.from_numpy, work.inputs)

    @torch.no_grad
    def call():
        return torch.exp(-((x[:, :, None] - y[:, None]) ** 2).sum(-1)) @ b

    return call, lambda result: [result.numpy()]
