"""Results: lines of the table, the JSON file of a family and its plot. Knows nothing of what is compared."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Optional

from timing import CLOCK, CORES, QUIET


@dataclass
class Result:
    """One comparison. `ratio` is how many times better than the peer, or than the limit where there is one."""

    work: str
    against: str
    ratio: Optional[float] = None
    seconds: Optional[float] = None
    peer_seconds: Optional[float] = None  # scaled to the same number of pairs
    required: Optional[float] = None  # least ratio
    value: str = ""  # what is shown for rkeops
    peer_value: str = ""
    trouble: str = ""  # why there is no ratio
    wrong: bool = False  # whether that is a wrong result, and not something that is missing

    def passed(self):
        """None where nothing is required."""
        return None if self.required is None else self.ratio is not None and self.ratio >= self.required


def rate(pairs_per_second):
    """In words."""
    return f"{pairs_per_second / 1e9:.3f} Gpair/s"


def compared(work, ours, peer, required=None):
    """The result of two contestants by their rates: each may have gone through another number of pairs."""
    note = "" if peer.pairs == ours.pairs else f" ({peer.pairs / ours.pairs:.2g} of the pairs)"
    return Result(
        work,
        peer.name + note,
        ours.rate() / peer.rate(),
        ours.seconds,
        ours.pairs / peer.rate(),
        required,
        rate(ours.rate()),
        rate(peer.rate()),
    )


def limited(work, limit_text, ratio, value, seconds=None, required=1.0):
    """The result of a number that has a limit: `ratio` is limit / number."""
    return Result(work, "limit " + limit_text if required else limit_text, ratio, seconds, None, required, value)


def troubled(work, against, required, trouble, wrong=False):
    """The result of a comparison that did not take place."""
    return Result(work, against, required=required, trouble=trouble, wrong=wrong)


def machine():
    """This machine in a line."""
    fields = {}
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    flags = [flag for flag in ("avx2", "fma", "avx512f", "avx512dq") if flag in fields.get("flags", "").split()]
    family = "family {cpu family} model {model}".format_map(fields) if "cpu family" in fields else ""
    return f"{fields.get('model name', 'unknown processor')} ({family}), {CORES} cores, {' '.join(flags)}"


def peers():
    """Versions of the peers, and what NumPy's BLAS takes this processor for."""
    found = []
    for package in ("pykeops", "numpy", "numba", "scikit-learn", "faiss-cpu", "torch", "geomloss"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"no {package}")
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return ", ".join(found)
    kernels = {pool["architecture"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    return ", ".join([*found, f"BLAS for {' '.join(sorted(kernels))}"])


HEADER = f"{'work':<58} {'rkeops':>15}  {'against':<42} {'peer':>15} {'ratio':>10} {'required':>9}"


def line(result, judged):
    """A line of the table; quick runs are not judged."""
    required = "" if result.required is None else f"{result.required:.3g}"
    if result.trouble:
        return f"{result.work:<58} {'':>15}  {result.against:<42} {'':>15} {'':>10} {required:>9} {result.trouble}"
    mark = {None: "", True: "pass", False: "FAIL"}[result.passed()] if judged else ""
    ratio = f"{result.ratio:.2f}" if result.ratio < 1000 else f"{result.ratio:.3g}"
    numbers = f"{result.peer_value:>15} {ratio:>10} {required:>9}"
    return f"{result.work:<58} {result.value:>15}  {result.against:<42} {numbers} {mark}"


def write(path, results, quick):
    """The JSON file: machine and results, with what was required and whether it was met."""
    content = {"machine": machine(), "peers": peers(), "quick": quick}
    content |= {"clock": "processor" if CLOCK.busy else "wall", "others": round(QUIET.others, 3)}
    content["rows"] = [{**asdict(result), "passed": result.passed()} for result in results]
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def plot(path, title, results, judged):
    """The ratios of a family as bars, with a mark where each has to reach; returns what is missing, if anything is."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        return "no plot: matplotlib is not installed (benches/requirements.txt has it)"
    shown = [result for result in results if result.ratio is not None]
    if not shown:
        return "no plot: nothing was measured"
    figure = Figure(figsize=(11, 1.4 + 0.3 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    colours = {None: "tab:gray", True: "tab:blue", False: "tab:red"}
    bars = [colours[r.passed() if judged else None] for r in shown]
    axes.barh(range(len(shown)), [r.ratio for r in shown], color=bars)
    required = [(r.required, k) for k, r in enumerate(shown) if r.required is not None]
    if required:
        axes.plot(*zip(*required), "|", color="black", markersize=14, markeredgewidth=2, label="required")
        axes.legend(loc="best")
    for k, result in enumerate(shown):
        axes.annotate(f" {result.ratio:.3g}", (result.ratio, k), va="center", fontsize=8)
    axes.set_yticks(range(len(shown)), [f"{r.work}, against {r.against}" for r in shown], fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel("times as fast as the other (or as far inside the limit)")
    axes.set_title(f"{title}{'' if judged else ' (quick: sizes too small to say anything)'}\n{machine()}", fontsize=10)
    # Text stays text, and the same results make the same file.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": path.stem}):
        figure.savefig(path, metadata={"Date": None})
    return ""
