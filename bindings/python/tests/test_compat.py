"""Programs and libraries that were written for pykeops."""

import importlib
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

import rkeops.compat
import rkeops.numpy
import rkeops.torch
from rkeops.compat.pykeops.numpy import utils
from rkeops.compat.pykeops.torch.utils import torch_kernel
from rkeops.errors import ArgumentError, DtypeError

rng = np.random.default_rng(3)


@pytest.fixture
def installed():
    rkeops.compat.install()
    yield
    rkeops.compat.uninstall()


def run(*arguments, cwd=None, **environment):
    """What `python -m rkeops.compat` with these arguments prints."""
    command = [sys.executable, "-W", "error", "-m", "rkeops.compat", *map(str, arguments)]
    path = os.path.dirname(os.path.dirname(rkeops.__file__))
    environment = {**os.environ, "PYTHONPATH": path, **environment}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


FOUNDING = """
    import sys
    import torch
    from pykeops.torch import LazyTensor

    torch.manual_seed(0)
    M, s = int(sys.argv[1]), 0.5
    q = torch.randn(M, 3, dtype=torch.float64, requires_grad=True)
    p = torch.randn(M, 3, dtype=torch.float64, requires_grad=True)
    q_i, q_j = LazyTensor(q[:, None, :]), LazyTensor(q[None, :, :])
    K_ij = (-((q_i - q_j) ** 2).sum(dim=2) / (2 * s**2)).exp()
    v = K_ij @ p
    H = 0.5 * torch.dot(p.view(-1), v.view(-1))
    dq, dp = torch.autograd.grad(H, [q, p])

    dense = (-((q[:, None] - q[None]) ** 2).sum(2) / (2 * s**2)).exp()
    expected = torch.autograd.grad(0.5 * (p * (dense @ p)).sum(), [q, p])
    for got, wanted in zip((dq, dp), expected):
        torch.testing.assert_close(got, wanted)
    print(__name__, LazyTensor.__module__, sys.argv)
"""


def test_the_founding_program(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(FOUNDING))
    done = run(program, "40")
    assert done.stdout == f"__main__ rkeops.torch {[str(program), '40']}\n", done.stderr


def test_a_module_and_what_lies_beside_a_program(tmp_path):
    (tmp_path / "beside.py").write_text("from pykeops.numpy import Vi\n")
    (tmp_path / "program.py").write_text("import sys\nfrom beside import Vi\nprint(Vi.__module__, sys.argv[1:])\n")
    for program in ("program.py", tmp_path / "program.py"):
        assert run(program, "-x", cwd=tmp_path).stdout == "rkeops._lazy.tensor ['-x']\n"
    assert run("-m", "program", "-x", cwd=tmp_path).stdout == "rkeops._lazy.tensor ['-x']\n"
    done = run()
    assert done.returncode != 0 and "usage" in done.stderr


def test_that_failing_programs_fail(tmp_path):
    (tmp_path / "program.py").write_text("raise SystemExit(7)\n")
    assert run("program.py", cwd=tmp_path).returncode == 7


def test_numpy_without_torch(tmp_path):
    (tmp_path / "program.py").write_text("import sys, pykeops.numpy.utils\nprint('torch' in sys.modules)\n")
    assert run("program.py", cwd=tmp_path).stdout == "False\n"


def test_matrix_vector_product_and_nearest_neighbours(installed):
    """What pykeops' users meet first: a Gaussian product and an argmin."""
    from pykeops.numpy import LazyTensor, Vi, Vj

    x, y, b = rng.normal(size=(30, 2)), rng.normal(size=(20, 2)), rng.normal(size=(20, 1))
    squares = ((x[:, None] - y[None]) ** 2).sum(2)
    D_ij = ((LazyTensor(x[:, None, :]) - LazyTensor(y[None, :, :])) ** 2).sum(-1)
    np.testing.assert_allclose((-D_ij).exp() @ b, np.exp(-squares) @ b)
    np.testing.assert_array_equal(D_ij.argmin(axis=1).ravel(), squares.argmin(1))
    np.testing.assert_array_equal(Vi(x).sqdist(Vj(y)).argKmin(K=3, dim=1), squares.argsort(1)[:, :3])


def test_formulas_that_are_text(installed):
    from pykeops.torch import Genred, generic_sum

    x, y, b, p = torch.randn(8, 3), torch.randn(9, 3), torch.randn(9, 2), torch.tensor([0.5])
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "p = Pm(1)"]
    expected = (-0.5 * ((x[:, None] - y[None]) ** 2).sum(2)).exp() @ b
    for conv in (
        Genred("Exp(-p * SqDist(x, y)) * b", aliases, reduction_op="Sum", axis=1),
        generic_sum("Exp(-p * SqDist(x, y)) * b", "a = Vi(2)", *aliases),
    ):
        torch.testing.assert_close(conv(x, y, b, p, backend="CPU"), expected)


def test_interpolation(installed):
    from pykeops.numpy import LazyTensor

    x, b = rng.uniform(size=(25, 1)), rng.normal(size=(25, 1))
    K = (-((LazyTensor(x[:, None, :]) - LazyTensor(x[None, :, :])) ** 2).sum(-1) / 0.02).exp()
    a = K.solve(b, alpha=0.1, eps=1e-10)
    np.testing.assert_allclose(K @ a + 0.1 * a, b, atol=1e-8)


def test_a_library_that_imports_what_libraries_import(installed, tmp_path, monkeypatch):
    (tmp_path / "library.py").write_text(textwrap.dedent("""
        import torch
        import pykeops
        import pykeops.config
        import keopscore
        from pykeops.common.gpu_utils import get_gpu_number
        from pykeops.common.lazy_tensor import GenericLazyTensor
        from pykeops.common.utils import WarmUpGpu, axis2cat
        from pykeops.numpy import LazyTensor as numpy_LazyTensor
        from pykeops.numpy.utils import WarmUpGpu, np_kernel
        from pykeops.torch import LazyTensor, Vi
        from pykeops.torch.cluster import cluster_ranges_centroids, from_matrix, grid_cluster, sort_clusters, swap_axes
        from pykeops.torch.generic.generic_red import Genred
        from pykeops.torch.lazytensor.LazyTensor import ComplexLazyTensor, Var
        from pykeops.torch.operations import KernelSolve

        backend = "GPU" if pykeops.config.gpu_available else "CPU"
        keopscore.auto_factorize = False
        pykeops.set_verbose(False)
        pykeops.set_build_folder("somewhere")

        def blocks(x, size):
            x, labels = sort_clusters(x, grid_cluster(x, size))
            ranges, centroids, _ = cluster_ranges_centroids(x, labels)
            K = Vi(x) | LazyTensor(x[None])
            K.ranges = swap_axes(from_matrix(ranges, ranges, torch.eye(len(ranges)) > 0))
            K.backend = backend
            return K.sum(dim=1), x, labels
    """))
    monkeypatch.syspath_prepend(str(tmp_path))
    library = importlib.import_module("library")
    x = torch.rand(30, 2, dtype=torch.float64)
    result, x, labels = library.blocks(x, 0.3)
    expected = (x @ x.T * (labels[:, None] == labels[None])).sum(1, keepdim=True)
    torch.testing.assert_close(result, expected)
    assert library.LazyTensor is rkeops.torch.LazyTensor and library.Genred is rkeops.torch.Genred
    assert issubclass(library.numpy_LazyTensor, library.GenericLazyTensor)
    assert library.pykeops.get_build_folder() == "somewhere" and library.get_gpu_number() == 0
    assert library.pykeops.__version__ == "2.3" and library.axis2cat(1) == 0
    del sys.modules["library"]


def test_messages(installed, capsys):
    import pykeops

    pykeops.test_numpy_bindings()
    pykeops.test_torch_bindings()
    pykeops.set_verbose(False)
    pykeops.test_numpy_bindings()
    texts = [f"pykeops.{name}, which is rkeops.{name}, works.\n" for name in ("numpy", "torch")]
    assert capsys.readouterr().out == "".join(texts)
    pykeops.check_health()
    assert capsys.readouterr().out == rkeops.doctor() + "\n"


def test_what_is_ignored_is_logged_once(installed, caplog):
    import keopscore

    caplog.set_level("DEBUG", "rkeops")
    for _ in range(2):
        keopscore.debug_ops = True
    assert [record.getMessage() for record in caplog.records] == ["debug_ops has no meaning here and is ignored"]


def test_that_the_real_one_is_left_alone(monkeypatch):
    real = type(sys)("pykeops")
    real.__file__ = "elsewhere.py"
    monkeypatch.setitem(sys.modules, "pykeops", real)
    with pytest.raises(rkeops.compat.AlreadyImportedError, match="pykeops was imported before, from elsewhere.py"):
        rkeops.compat.install()
    assert not rkeops.compat.is_installed()
    rkeops.compat.uninstall()
    assert sys.modules["pykeops"] is real


def test_that_uninstalling_undoes_it():
    before = set(sys.modules)
    for _ in range(2):
        rkeops.compat.install()
        rkeops.compat.install()
        import pykeops.numpy  # noqa: F401

        rkeops.compat.uninstall()
        assert {name for name in set(sys.modules) - before if name.startswith(("pykeops", "keopscore"))} == set()
        assert not rkeops.compat.is_installed()


def test_dense_kernels():
    x, y, s = rng.normal(size=(6, 3)), rng.normal(size=(5, 3)), 0.7
    squares = ((x[:, None] - y[None]) ** 2).sum(2)
    kernels = {
        "gaussian": lambda q: np.exp(-q / s**2),
        "laplacian": lambda q: np.exp(-np.sqrt(q) / s),
        "cauchy": lambda q: 1 / (1 + q / s**2),
        "inverse_multiquadric": lambda q: 1 / np.sqrt(1 + q / s**2),
    }
    step = 1e-6
    for name, kernel in kernels.items():
        slopes = (kernel(squares + step) - kernel(squares - step)) / (2 * step)
        np.testing.assert_allclose(utils.np_kernel(x, y, s, name), kernel(squares))
        np.testing.assert_allclose(utils.log_np_kernel(x, y, s, name), np.log(kernel(squares)))
        np.testing.assert_allclose(utils.grad_np_kernel(x, y, s, name), slopes, rtol=1e-6)
        np.testing.assert_allclose(torch_kernel(torch.from_numpy(x), torch.from_numpy(y), s, name), kernel(squares))
    with pytest.raises(ArgumentError, match="kernel is 'cubic'; expected one of gaussian, laplacian"):
        utils.np_kernel(x, y, s, "cubic")


def test_kernels_of_points_that_are_the_same():
    """Rounding must not make a squared distance negative, and its root no number."""
    x = rng.normal(size=(50, 3)) + 100
    assert np.isfinite(utils.np_kernel(x, x, 1.0, "laplacian")).all()


def test_dense_kernels_of_unit_vectors():
    x, y = (points / np.linalg.norm(points, axis=1, keepdims=True) for points in rng.normal(size=(2, 5, 3)))
    cosines, s = x @ y.T, 0.8
    for name, expected in {
        "linear": cosines,
        "binet": cosines**2,
        "gaussian_oriented": np.exp(-((x[:, None] - y[None]) ** 2).sum(2) / s**2),
        "gaussian_unoriented": np.exp(-2 * (1 - cosines**2) / s**2),
    }.items():
        np.testing.assert_allclose(utils.np_kernel_sphere(x, y, s, name), expected)


def test_other_dense_computations():
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(5, 3))
    q, p = rng.normal(size=(6, 2)), rng.normal(size=(5, 2))
    np.testing.assert_allclose(utils.differences(x, y), np.moveaxis(x[:, None] - y[None], 2, 0))
    np.testing.assert_allclose(utils.log_sum_exp(x, 1), np.log(np.exp(x).sum(1)))
    points = torch.from_numpy(x).requires_grad_()
    kernel = torch_kernel(points, torch.from_numpy(y), 0.7, "gaussian")
    (expected,) = torch.autograd.grad((kernel * torch.from_numpy(q @ p.T)).sum(), points)
    gradient = utils.chain_rules(q, x, y, utils.grad_np_kernel(x, y, 0.7, "gaussian"), p)
    np.testing.assert_allclose(gradient, expected)


@pytest.mark.parametrize("library", [rkeops.numpy, rkeops.torch])
def test_the_class_of_complex_tensors(library):
    LazyTensor, ComplexLazyTensor = library.LazyTensor, library.ComplexLazyTensor
    array = np.array([[1.0 + 2j, 3.0]]).reshape(2, 1, 1)
    array, real = (array, array.real) if library is rkeops.numpy else (torch.from_numpy(array), torch.ones(2, 1, 1))
    z = LazyTensor(array)
    complex_ones = [z, z.exp(), ComplexLazyTensor(array), LazyTensor(real) * 1j, ComplexLazyTensor((0, 2, 0))]
    numbers = [ComplexLazyTensor(1 + 2j), ComplexLazyTensor(1.0), ComplexLazyTensor([1 + 2j, 3.0]), LazyTensor([1j, 2])]
    assert all(isinstance(x, ComplexLazyTensor) and isinstance(x, LazyTensor) for x in complex_ones + numbers)
    assert [x.shape for x in complex_ones] == [(2, 1), (2, 1), (2, 1), (2, 1), (1, 1)]
    assert [x.ndim for x in numbers] == [1, 1, 2, 2]
    assert not any(isinstance(x, ComplexLazyTensor) for x in (z.real, z.imag, abs(z), LazyTensor(real), array, 1j))
    with pytest.raises(DtypeError, match="an array has dtype float..; expected a complex one"):
        ComplexLazyTensor(real)


def test_numbers_made_complex():
    z, x = rkeops.numpy.ComplexLazyTensor([1 + 2j, 3.0]), np.ones((3, 1, 2))
    np.testing.assert_allclose((z * rkeops.numpy.LazyTensor(x)).sum(axis=0), [[3 + 6j, 9]])


def test_two_accumulators():
    K = rkeops.numpy.Vi(np.ones((3, 1))) * rkeops.numpy.Vj(np.ones((4, 1)))
    assert (K.sum(axis=1, use_double_acc=True) == K.sum(axis=1, dtype_acc="float64")).all()
    with pytest.raises(ArgumentError, match="dtype_acc is 'float64' and use_double_acc is true; expected one of them"):
        K.sum(axis=1, use_double_acc=True, dtype_acc="float64")


def test_methods_that_look_like_operators():
    K = rkeops.numpy.Vi(np.arange(3.0)[:, None]) * rkeops.numpy.Vj(np.arange(-2.0, 2)[:, None])
    np.testing.assert_array_equal(K.__min__(axis=1), [[0.0], [-2.0], [-4.0]])
    np.testing.assert_array_equal(K.__max__(dim=0), [[0.0], [0.0], [0.0], [2.0]])
