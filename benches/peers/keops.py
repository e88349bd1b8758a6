"""pykeops on its CPU backend, and GeomLoss, which calls it."""

from row import Against


def pykeops(least=None, share=10):
    """pykeops' Genred from NumPy arrays. Its first call compiles, so it is made before anything is timed."""
    return Against("pykeops", _genred, least, share)


def _genred(work, run):
    import pykeops
    from pykeops.numpy import Genred

    pykeops.set_verbose(False)
    problem = work.problem
    formula = f"Grad({problem.formula},x,e)" if problem.gradient else problem.formula
    optional = {"opt_arg": problem.number} if problem.number else {}
    if problem.weights:
        optional["formula2"] = problem.weights
    genred = Genred(formula, list(problem.aliases), reduction_op=problem.reduction, axis=1, **optional)
    inputs = work.inputs
    return (lambda: genred(*inputs, backend="CPU")), lambda result: [result]


def geomloss(least=None, share=10):
    """The step that `SamplesLoss("sinkhorn", p=2, backend="online")` repeats, through pykeops' torch interface."""
    return Against("GeomLoss, online", _softmin, least, share)


def _softmin(work, run):
    import torch
    from geomloss._legacy.sinkhorn_samples import cost_formulas, lse_genred, softmin_online

    x, y, h, p = (torch.from_numpy(a) for a in work.inputs)
    epsilon = 1 / float(p)
    convolution = lse_genred(cost_formulas[2], x.shape[1], dtype=work.dtype.name)
    call = lambda: softmin_online(epsilon, (x, y), h[:, 0], log_conv=convolution)
    return call, lambda result: [result.numpy() / -epsilon]
