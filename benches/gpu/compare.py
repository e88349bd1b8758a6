"""Compares rkeops with pykeops and torch on one GPU, in one process, a round of each in turn, and prints medians and ratios.

    python compare.py [--quick] [--out FILE]

Times are those of the device, between two events around a call that finds its arrays there. It needs torch with CUDA; pykeops
is compared where it can be imported.
"""

import argparse
import gc
import json
import math
import statistics
import time

import torch

from rkeops.torch import Genred as OurGenred

try:
    from pykeops.torch import Genred as TheirGenred
except ImportError:
    TheirGenred = None

DEVICE = torch.device("cuda")
# Multiply-adds and exponentials that a multiprocessor does in a cycle, by compute capability.
FP32_LANES = {(7, 5): 64, (8, 0): 64, (8, 6): 128, (8, 9): 128, (9, 0): 128, (10, 0): 128}
SPECIAL_LANES = 16


def timed(work):
    """Seconds that the device takes."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    work()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) * 1e-3


def medians(works, rounds):
    """The median time of each, in interleaved rounds after one that is not counted."""
    times = {name: [] for name in works}
    for name, work in works.items():
        timed(work)
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(timed(work))
    return {name: statistics.median(list_of) for name, list_of in times.items()}


class Report:
    def __init__(self):
        self.rows = []

    def row(self, work, times, asked=None, **more):
        ours = times["rkeops"]
        peers = {name: seconds for name, seconds in times.items() if name != "rkeops"}
        print(f"{work}: rkeops {ours * 1e3:.4g} ms", end="")
        for name, seconds in peers.items():
            print(f"; {name} {seconds * 1e3:.4g} ms, {seconds / ours:.3g} x", end="")
            self.rows.append({"work": work, "against": name, "ratio": seconds / ours, "seconds": ours, "peer_seconds": seconds})
        if not peers:
            self.rows.append({"work": work, "against": None, "ratio": None, "seconds": ours, "peer_seconds": None})
        print("".join(f"; {key} {value:.4g}" for key, value in more.items()), f"(asked: {asked})" if asked else "", flush=True)


def points(rows, dim, seed, dtype=torch.float32):
    generator = torch.Generator(device=DEVICE).manual_seed(seed)
    return torch.rand(rows, dim, device=DEVICE, dtype=dtype, generator=generator)


def both(formula, aliases, axis=1, **options):
    """The same reduction with each library."""
    made = {"rkeops": OurGenred(formula, aliases, axis=axis, **options)}
    if TheirGenred is not None:
        made["pykeops"] = TheirGenred(formula, aliases, axis=axis, **options)
    return made


def relative_error(found, meant):
    return ((found.double() - meant).norm() / meant.norm()).item()


def gaussian(report, sizes, dims):
    properties = torch.cuda.get_device_properties(DEVICE)
    capability = (properties.major, properties.minor)
    for rows in sizes:
        for dim in dims:
            scale = 1 / math.sqrt(dim)
            x, y, b = points(rows, dim, 1) * scale, points(rows, dim, 2) * scale, points(rows, 1, 3)
            aliases = [f"x = Vi({dim})", f"y = Vj({dim})", "b = Vj(1)"]
            made = both("Exp(-SqDist(x,y))*b", aliases)
            works = {name: (lambda f=f: f(x, y, b, backend="GPU")) for name, f in made.items()}
            rounds = 5 if rows >= 1_000_000 or dim > 100 else 15
            times = medians(works, rounds)
            few = min(rows, 200)
            meant = (-torch.cdist(x[:few].double(), y.double()) ** 2).exp() @ b.double()
            error = relative_error(made["rkeops"](x, y, b, backend="GPU")[:few], meant)
            more = {"relative error": error}
            if dim == 3:
                # 8 operations of the FP32 pipe and one of the special-function unit, whichever takes longer.
                per_cycle = min(SPECIAL_LANES, FP32_LANES.get(capability, 128) / 8) * properties.multi_processor_count
                more["of the floor at 1.755 GHz"] = times["rkeops"] / (rows * rows / per_cycle / 1.755e9)
            asked = {3: "1.5 x; at 1,000,000 1.25 of the floor"}.get(dim, "5 x at 1e-5" if dim >= 64 else None)
            report.row(f"Gaussian, D={dim}, N=M={rows:,}", times, asked, **more)


def value_and_gradients(report, sizes):
    for rows in sizes:
        x, y, b = points(rows, 3, 1), points(rows, 3, 2), points(rows, 1, 3)
        aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"]
        works = {}
        for name, f in both("Exp(-SqDist(x,y))*b", aliases).items():
            def work(f=f):
                p, q = x.clone().requires_grad_(), y.clone().requires_grad_()
                value = f(p, q, b, backend="GPU").sum()
                torch.autograd.grad(value, [p, q])
            works[name] = work
        report.row(f"value and both gradients, D=3, N=M={rows:,}", medians(works, 3 if rows >= 1_000_000 else 11),
                   "2.5 x; under 1 s at 1,000,000 on an H100")


def nearest(report, rows, dims, counts):
    for dim in dims:
        for count in counts:
            x, y = points(rows, dim, 1), points(rows, dim, 2)
            made = both("SqDist(x,y)", [f"x = Vi({dim})", f"y = Vj({dim})"], reduction_op="ArgKMin", opt_arg=count)
            works = {name: (lambda f=f: f(x, y, backend="GPU")) for name, f in made.items()}
            report.row(f"arg-k-min, K={count}, D={dim}, N=M={rows:,}", medians(works, 5), "3 x")


def attention(report, rows, dims):
    for dim in dims:
        q, k, v = (points(rows, dim, seed).to(torch.bfloat16) for seed in (1, 2, 3))
        ours = OurGenred(f"(q|k)/{math.sqrt(dim)!r}",
                         [f"q = Vi({dim})", f"k = Vj({dim})", f"v = Vj({dim})"], reduction_op="SumSoftMaxWeight", axis=1,
                         formula2="v")
        works = {
            "rkeops": lambda: ours(q, k, v, backend="GPU"),
            "torch": lambda: torch.nn.functional.scaled_dot_product_attention(q[None, None], k[None, None], v[None, None]),
        }
        report.row(f"softmax attention, D={dim}, bfloat16, N={rows:,}", medians(works, 11), "0.5 x or better")


def first_result(report):
    """A formula that no cache has seen, and the same again in a process that starts anew would be from disk."""
    x, y, b = points(1000, 3, 1), points(1000, 3, 2), points(1000, 1, 3)
    factor = 1 + time.time_ns() % 10**9 * 1e-9
    start = time.perf_counter()
    OurGenred(f"Exp(-{factor!r}*SqDist(x,y))*b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], axis=1)(x, y, b, backend="GPU")
    torch.cuda.synchronize()
    report.row("first result of a new formula", {"rkeops": time.perf_counter() - start}, "150 ms")


def flat_memory(report, calls):
    x, y, b = points(100, 3, 1), points(100, 3, 2), points(100, 1, 3)
    f = OurGenred("Exp(-SqDist(x,y))*b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], axis=1)
    for _ in range(1000):
        f(x, y, b, backend="GPU")
    torch.cuda.synchronize()
    gc.collect()
    free, start = torch.cuda.mem_get_info()[0], time.perf_counter()
    for _ in range(calls):
        f(x, y, b, backend="GPU")
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - start) / calls
    report.row(f"a call at N=100, of {calls:,}", {"rkeops": seconds}, None,
               **{"bytes of device memory more": free - torch.cuda.mem_get_info()[0]})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--out", help="a file for the rows, as JSON")
    given = parser.parse_args()
    print(torch.cuda.get_device_name(DEVICE), time.strftime("%Y-%m-%d"), "torch", torch.__version__,
          "pykeops" if TheirGenred else "without pykeops", flush=True)
    report = Report()
    first_result(report)
    gaussian(report, [10_000, 100_000] + ([] if given.quick else [1_000_000]), [3])
    value_and_gradients(report, [100_000] + ([] if given.quick else [1_000_000]))
    gaussian(report, [20_000 if given.quick else 100_000], [64, 128, 784])
    nearest(report, 20_000 if given.quick else 100_000, [3, 128], [10, 100])
    attention(report, 16_384, [64, 128])
    flat_memory(report, 10_000 if given.quick else 100_000)
    if given.out:
        machine = f"{torch.cuda.get_device_name(DEVICE)}, {time.strftime('%Y-%m-%d')}"
        with open(given.out, "w", encoding="utf-8") as file:
            json.dump({"machine": machine, "rows": report.rows}, file, indent=1)


if __name__ == "__main__":
    main()
