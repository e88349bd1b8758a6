"""CUDA devices: without a GPU by the driver of tests/cuda_on_cpu, whose device is the processor; with one as it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import rkeops
import rkeops.numpy
import rkeops.torch
from rkeops import _cuda
from rkeops._call import Call
from rkeops.errors import DeviceError
from rkeops.torch._operator import reduced

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PROGRAMS = [
    "numpy_arrays", "numpy_dtypes_batches_and_ranges", "systems", "lent_arrays", "lent_arrays_of_other_layouts",
    "lent_arrays_that_nobody_may_write_to", "errors", "compat", "tensors", "tensors_in_ordinary_memory", "rounded_factors",
]  # fmt: skip


@pytest.fixture(scope="session")
def driver():
    """The folder of the driver, which is built where that has not been done."""
    if sys.platform != "linux" or shutil.which("c++") is None:
        pytest.skip("the driver of tests/cuda_on_cpu is built with c++ on Linux")
    folder = ROOT / (os.environ.get("CARGO_TARGET_DIR") or "target") / "python" / "cuda_on_cpu"
    subprocess.run(["bash", ROOT / "tests" / "cuda_on_cpu" / "build.sh", folder], check=True)
    return folder


def run(program, driver, **environment):
    """Runs a program of on_devices.py with a driver; it has to end well."""
    package = str(Path(rkeops.__file__).resolve().parents[1])
    others = environment.pop("PYTHONPATH", None), os.environ.get("PYTHONPATH")
    path = os.pathsep.join([package, *filter(None, others)])
    # What the outside says of devices is not for these programs.
    inherited = {name: value for name, value in os.environ.items() if name not in ("RKEOPS_TARGET", "RKEOPS_NVRTC")}
    environment = {"LD_LIBRARY_PATH": str(driver), "RKEOPS_CACHE": "none", "PYTHONPATH": path, **environment}
    warnings = ["-W", "error", "-W", "ignore:`torch.jit.script:FutureWarning"]
    command = [sys.executable, *warnings, HERE / "on_devices.py", program]
    ended = subprocess.run(command, env={**inherited, **environment}, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_devices(program, driver):
    run(program, driver)


def test_arrays_larger_than_a_device(driver):
    run("larger_than_a_device", driver, CUDA_ON_CPU_BYTES=str(600_000))


def test_the_compiler_of_a_package(driver, tmp_path):
    """The system finds the driver, but not the compiler, which a package has brought."""
    library = tmp_path / "site" / "nvidia" / "cuda_nvrtc" / "lib"
    library.mkdir(parents=True)
    (tmp_path / "driver").mkdir()
    (library / "libnvrtc.so.12").symlink_to(driver / "libnvrtc.so.12")
    (tmp_path / "driver" / "libcuda.so").symlink_to(driver / "libcuda.so")
    run("compiler_of_a_package", tmp_path / "driver", PYTHONPATH=str(tmp_path / "site"))


@pytest.mark.skipif(_cuda.device_count() > 0, reason="there is a GPU")
def test_without_a_gpu():
    x = torch.randn(4, 3)
    K = rkeops.torch.Vi(x) * rkeops.torch.Vj(x)
    with pytest.raises(DeviceError, match=r"the CUDA driver \(libcuda\) was not found"):
        K.sum(dim=1, backend="GPU")
    for backend in ("GPU_3D", "gpu", 7):
        with pytest.raises(rkeops.errors.ArgumentError, match="expected one of auto, portable, .*, cuda, CPU, .*, GPU_1D"):
            K.sum(dim=1, backend=backend)
    with pytest.raises(rkeops.errors.ArgumentError, match="device_id is 'cuda:0'; expected the number of a CUDA device"):
        K.sum(dim=1, device_id="cuda:0")
    torch.testing.assert_close(K.sum(dim=1, device_id=0), K.sum(dim=1))


def test_what_graphs_know_of_tensors_on_devices():
    """A graph is made of tensors without memory, which may be on devices that are not here."""
    f = rkeops.torch.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "KMin_ArgKMin", axis=1, opt_arg=2)
    with torch._subclasses.fake_tensor.FakeTensorMode():
        x = torch.empty(4, 3, device="cuda:1")
        values, places = reduced(Call((f._reduction,)), [x, x])[:2]
    assert [(one.shape, one.device, one.dtype) for one in (values, places)] == [
        ((4, 2), torch.device("cuda:1"), torch.float32), ((4, 2), torch.device("cuda:1"), torch.int64)
    ]  # fmt: skip


def test_options_are_given_anew_one_by_one():
    options = rkeops._options.of(backend="GPU", use_double_acc=True).changed(device_id=2)
    assert (options.compilation.target, options.compilation.accumulator_bits, options.compilation.device) == (4, 64, 2)
    assert [options.changed(**given).compilation.allow_tf32 for given in ({}, {"allow_tf32": True})] == [0, 1]


def test_whether_factors_may_be_rounded_is_true_or_false():
    x = torch.randn(4, 3)
    formula, aliases = "(x | y) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"]
    for library, array in ((rkeops.numpy, x.numpy()), (rkeops.torch, x)):
        K = library.Vi(array) | library.Vj(array)
        # Where there are no tensor cores nothing is rounded.
        assert (K.sum(axis=1, allow_tf32=True) == K.sum(axis=1)).all()
        for value in (0, 1, None, "yes"):
            wrong = pytest.raises(rkeops.errors.ArgumentError, match=f"allow_tf32 is {value!r}; expected True or False")
            with wrong:
                K.sum(axis=1, allow_tf32=value)
            with wrong:
                library.Genred(formula, aliases, allow_tf32=value)
            with wrong:
                library.KernelSolve(formula, aliases, "b", allow_tf32=value)(array, array, array[:, :1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that PyTorch finds")
class TestPyTorchOnGpus:
    """What is computed on a GPU is what is computed on the CPU."""

    @staticmethod
    def energy(x, y, b):
        K = (-((rkeops.torch.Vi(x) - rkeops.torch.Vj(y)) ** 2).sum(-1) / (2 * 0.7**2)).exp()
        return (K @ b).square().sum()

    @staticmethod
    def arguments():
        torch.manual_seed(0)
        return [torch.randn(*shape, dtype=torch.float64) for shape in ((500, 3), (700, 3), (700, 2))]

    def both(self, function):
        expected = function(*[one.requires_grad_() for one in self.arguments()])
        got = function(*[one.cuda().requires_grad_() for one in self.arguments()])
        torch.testing.assert_close(got, expected, check_device=False)

    def test_values_and_derivatives(self):
        def derivatives(*arguments):
            value = self.energy(*arguments)
            first = torch.autograd.grad(value, arguments, create_graph=True)
            return [value, *first, *torch.autograd.grad(first[0].square().sum(), arguments)]

        self.both(derivatives)

    def test_functions_of_torch_func(self):
        self.both(lambda *arguments: torch.func.grad(self.energy)(*[one.detach() for one in arguments]))

    def test_compiled_functions(self):
        self.both(torch.compile(self.energy, fullgraph=True, backend="aot_eager"))

    def test_streams(self):
        x, y, b = (one.cuda() for one in self.arguments())
        expected = self.energy(x, y, b)
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            got = self.energy(x, y, b)
        torch.cuda.current_stream().wait_stream(stream)
        torch.testing.assert_close(got, expected)

    def test_graphs_of_cuda(self):
        x, y, b = (one.cuda() for one in self.arguments())
        self.energy(x, y, b)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = self.energy(x, y, b)
        x.copy_(x.flip(0) * 2)
        graph.replay()
        torch.testing.assert_close(result, self.energy(x, y, b))

    def test_autocast(self):
        x = torch.randn(50, 3, device="cuda", dtype=torch.float16)
        with torch.autocast("cuda"):
            assert (rkeops.torch.Vi(x) | rkeops.torch.Vj(x)).sum(dim=1).dtype == torch.float32

    def test_systems(self):
        def solution(x, _, b):
            K = (-((rkeops.torch.Vi(x) - rkeops.torch.Vj(x)) ** 2).sum(-1)).exp()
            x = K.solve(b[: len(x)], alpha=0.5, eps=1e-9)
            return x, torch.autograd.grad(x.sum(), [b])[0]

        self.both(solution)

    def test_errors(self):
        x = torch.randn(4, 3)
        with pytest.raises(DeviceError, match="argument 1 is on CUDA device 0, but argument 0 is in ordinary memory"):
            (rkeops.torch.Vi(x) * rkeops.torch.Vj(x.cuda())).sum(dim=1)
        with pytest.raises(DeviceError, match="backend is 'CPU', but the arrays are on CUDA device 0"):
            (rkeops.torch.Vi(x.cuda()) * rkeops.torch.Vj(x.cuda())).sum(dim=1, backend="CPU")
