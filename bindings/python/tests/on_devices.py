"""Programs of the tests of devices, run as `python on_devices.py name` with the driver of tests/cuda_on_cpu: addresses of its
devices are those of ordinary memory.
"""

import ctypes
import sys
from types import ModuleType, SimpleNamespace

import numpy as np

import rkeops
import rkeops.array_api
import rkeops.compat
import rkeops.numpy
from rkeops.errors import DeviceError

rng = np.random.default_rng(0)
M, N, D = 13, 300, 3


def points(*shape, dtype="float32"):
    return rng.normal(size=shape).astype(dtype)


def assert_close(got, expected, tolerance=1e-5):
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


def error_of(kind, function, *words):
    """Calls a function, which has to fail with an error of a kind whose message has these words."""
    try:
        function()
    except kind as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError(f"no {kind.__name__}")


# Arrays in ordinary memory.


def distances(library, x, y):
    return ((library.Vi(x) - library.Vj(y)) ** 2).sum(-1)


def numpy_arrays():
    x, y, b = points(M, D), points(N, D), points(N, 2)
    K = distances(rkeops.numpy, x, y)
    for reduce in (
        lambda **options: (-K).exp().__matmul__(b, **options),
        lambda **options: K.logsumexp(axis=0, **options),
        lambda **options: K.Kmin(4, axis=1, **options),
        lambda **options: (-K / 0.5).sumsoftmaxweight(rkeops.numpy.Vj(b), axis=1, **options),
    ):
        assert_close(reduce(backend="GPU", device_id=1), reduce())
        assert_close(reduce(backend="GPU", device_id="all"), reduce())
    for backend in ("GPU_1D", "GPU_1D_host", "GPU_2D", "cuda"):
        np.testing.assert_array_equal(K.argKmin(4, axis=1, backend=backend), K.argKmin(4, axis=1, backend="CPU"))
    nearest = K.argKmin(4, axis=1, call=False)
    np.testing.assert_array_equal(nearest(backend="GPU", device_id=1), nearest())


def larger_than_a_device():
    """Arrays of 1.2 MB each, with half of that on a device."""
    x, y, b = points(200, D), points(100_000, D), points(100_000, 1)
    K = distances(rkeops.numpy, x, y)
    for device in (0, "all"):
        np.testing.assert_array_equal(K.argKmin(4, axis=1, backend="GPU", device_id=device), K.argKmin(4, axis=1))
        assert_close((-K).exp().__matmul__(b, backend="GPU", device_id=device), (-K).exp() @ b, 1e-3)


def numpy_dtypes_batches_and_ranges():
    x, y = points(2, M, 1, D, dtype="float64"), points(1, 1, N, D, dtype="float64")
    K = (-((rkeops.numpy.LazyTensor(x) - rkeops.numpy.LazyTensor(y)) ** 2).sum(-1)).exp()
    assert_close(K.sum(axis=2, backend="GPU"), K.sum(axis=2), 1e-12)
    half = distances(rkeops.numpy, x[0, :, 0].astype("float16"), y[0, 0].astype("float16"))
    result = half.sum(axis=1, backend="GPU")
    assert result.dtype == np.float16
    assert_close(result, half.sum(axis=1), 1e-3)
    labels = [np.sort(rng.integers(0, 3, rows)) for rows in (M, N)]
    kept = [rkeops.numpy.cluster.cluster_ranges(one, np.bincount(one, minlength=3)) for one in labels]
    K = distances(rkeops.numpy, x[0, :, 0], y[0, 0])
    K.ranges = rkeops.numpy.cluster.from_matrix(*kept, np.eye(3, dtype=bool))
    assert_close(K.sum(axis=1, backend="GPU", device_id=1), K.sum(axis=1), 1e-12)


def systems():
    x, b = points(40, D, dtype="float64"), points(40, 2, dtype="float64")
    solve = rkeops.numpy.KernelSolve("Exp(-SqDist(x,y))*b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"], "b", axis=1)
    expected = solve(x, x, b, alpha=0.5, eps=1e-9)
    assert_close(solve(x, x, b, alpha=0.5, eps=1e-9, backend="GPU", device_id=1), expected, 1e-6)
    q, r = lend(x), lend(b)
    got = solve_on_device(q, q, r, alpha=0.5, eps=1e-9)
    assert type(got) is Lender
    assert_close(got.values, expected, 1e-6)


def solve_on_device(*arrays, **options):
    formula, aliases = "Exp(-SqDist(x,y))*b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"]
    return rkeops.array_api.KernelSolve(formula, aliases, "b", axis=1)(*arrays, **options)


def rounded_factors():
    import torch

    import rkeops.torch

    x, y, b = points(M, 64), points(N, 64), points(N, 1)
    product = x.astype(float) @ y.T @ b

    def check(reduce, expected=product):
        # Exact once more at the end: neither compiled call is taken for the other.
        results = [reduce(**options) for options in ({}, {"allow_tf32": True}, {"allow_tf32": False})]
        distances = [np.linalg.norm(np.asarray(result) - expected) / np.linalg.norm(expected) for result in results]
        assert max(distances[0], distances[2]) < 1e-5 < distances[1] < 1e-2, distances

    for library, make in ((rkeops.numpy, np.array), (rkeops.torch, torch.tensor)):
        u, v, w = make(x), make(y), make(b)
        terms = (library.Vi(u) | library.Vj(v)) * library.Vj(w)
        waiting = terms.sum(axis=1, call=False)
        check(lambda **options: terms.sum(axis=1, backend="GPU", **options))
        check(lambda **options: waiting(backend="GPU", **options))
        check(lambda **options: (library.Vi(u) | library.Vj(v)).__matmul__(w, backend="GPU", **options))
        formula, aliases = "(x | y) * b", ["x = Vi(64)", "y = Vj(64)", "b = Vj(1)"]
        check(lambda **options: library.Genred(formula, aliases, axis=1, **options)(u, v, w, backend="GPU"))

        def solution(**options):
            solve = library.KernelSolve(formula, aliases, "b", axis=1, **options)
            return solve(u, u, w[:M], alpha=64.0, backend="GPU")

        check(solution, np.linalg.solve(x.astype(float) @ x.T + 64 * np.eye(M), b[:M]))

    def gradient(**options):
        terms = (rkeops.torch.Vi(u) | rkeops.torch.Vj(v)) * rkeops.torch.Vj(w.requires_grad_())
        return torch.autograd.grad(terms.sum(axis=1, backend="GPU", **options).sum(), [w])[0]

    check(gradient, (x.astype(float) @ y.T).sum(axis=0)[:, None])
    q = (rkeops.array_api.Vi(lend(x)) | rkeops.array_api.Vj(lend(y))) * rkeops.array_api.Vj(lend(b))
    check(lambda **options: q.sum(axis=1, **options).values)


# Arrays on devices, by DLPack.


class ManagedTensor(ctypes.Structure):
    """DLManagedTensor."""

    _fields_ = (
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
        ("rank", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
        ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p), ("offset", ctypes.c_uint64),
        ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p),
    )  # fmt: skip


#: What is lent at present, and the streams for which arrays were asked.
lent, streams = {}, []
CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
_api = ctypes.pythonapi
_new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(("PyCapsule_New", _api))
_place = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _returned(capsule):
    del lent[_place(capsule, b"dltensor")]


class Lender:
    """An array that says it is on a CUDA device, of a library of its own."""

    def __init__(self, values, device=0):
        self.values, self.device = values, device
        self.shape, self.ndim, self.dtype = values.shape, values.ndim, values.dtype

    #: What CuPy's arrays have that are on a device.
    __cuda_array_interface__ = None

    def __getitem__(self, key):
        keys = key if isinstance(key, tuple) else (key,)
        plain = tuple(one.values if isinstance(one, Lender) else one for one in keys)
        return Lender(self.values[plain], self.device)

    def __array_namespace__(self):
        return LIBRARY

    def __dlpack_device__(self):
        return 2, self.device

    def __dlpack__(self, stream=None):
        streams.append(stream)
        values, rank = self.values, self.ndim
        extents = (ctypes.c_int64 * rank)(*self.shape)
        steps = (ctypes.c_int64 * rank)(*(step // values.itemsize for step in values.strides))
        made = ManagedTensor(
            values.ctypes.data, 2, self.device, rank, CODES[values.dtype.kind], 8 * values.itemsize, 1,
            ctypes.addressof(extents), ctypes.addressof(steps),
        )  # fmt: skip
        lent[ctypes.addressof(made)] = made, extents, steps, values
        return _new(ctypes.addressof(made), b"dltensor", ctypes.cast(_returned, ctypes.c_void_p))

    def get(self):
        return self.values.copy()


def lend(values, device=0):
    return Lender(values, device)


LIBRARY = ModuleType("lender")
vars(LIBRARY).update(
    empty=lambda shape, dtype="float64", device=0: Lender(np.empty(shape, dtype), device),
    asarray=lambda values, dtype=None, device=0: Lender(np.asarray(values, dtype), device),
    reshape=lambda array, shape: Lender(array.values.reshape(shape), array.device),
    squeeze=lambda array, axis: Lender(array.values.squeeze(axis), array.device),
    float32="float32", float64="float64", float16="float16", int64="int64", complex64="complex64",
)  # fmt: skip


def lent_arrays():
    x, y, b = points(M, D), points(N, D), points(N, 2)
    s = 0.7
    K = (-distances(rkeops.numpy, x, y) / (2 * s**2)).exp()
    Q = (-distances(rkeops.array_api, lend(x, 1), lend(y, 1)) / (2 * s**2)).exp()
    product = Q @ lend(b, 1)
    assert type(product) is Lender and product.device == 1
    assert_close(product.values, K @ b)
    # Every array was asked for the default stream, as DLPack names it.
    assert set(streams) == {1}
    again = Q @ lend(b[::-1], 1)
    assert_close(again.values, K @ b[::-1])
    assert_close((Q @ lend(b[:, 0], 1)).values, K @ b[:, 0])
    assert_close(Q.sum(axis=0, backend="GPU").values, K.sum(axis=0))
    smallest, where = Q.Kmin_argKmin(3, axis=1)
    expected, places = K.Kmin_argKmin(3, axis=1)
    assert_close(smallest.values, expected)
    np.testing.assert_array_equal(where.values, places)
    assert_close(Q[[4, 0], [1, 7]].values, K[[4, 0], [1, 7]])
    assert_close(Q[lend(np.array([4, 0])), 7].values, K[[4, 0], 7])
    Q.ranges = K.ranges = [np.array(one) for one in ([[0, M]], [1], [[0, 9]], [[0, N]], [1], [[0, M]])]
    assert_close((Q @ lend(b, 1)).values, K @ b)
    assert not lent, "arrays have been lent and not returned"


def lent_arrays_of_other_layouts():
    x, y = points(D, M).T, points(2 * N, D)[::2]
    got = distances(rkeops.array_api, lend(x), lend(y)).sum(axis=1)
    assert_close(got.values, distances(rkeops.numpy, x, y).sum(axis=1), 1e-4)
    z = (points(M, 2) + 1j * points(M, 2)).astype("complex64")
    got = (rkeops.array_api.Vi(lend(z)) * rkeops.array_api.Vj(lend(z))).sum(axis=1)
    assert_close(got.values, (rkeops.numpy.Vi(z) * rkeops.numpy.Vj(z)).sum(axis=1), 1e-4)
    whole = np.arange(6)[:, None]
    got = rkeops.array_api.Genred("x - y", ["x = Vi(1)", "y = Vj(1)"], axis=1)(lend(whole), lend(whole))
    assert got.dtype == np.float64 and got.values[:, 0].tolist() == [-15, -9, -3, 3, 9, 15]


def lent_arrays_that_nobody_may_write_to():
    x, y, b = points(M, D), points(N, D), points(N, 2)
    LIBRARY.__name__ = "jax.numpy"
    got = (-distances(rkeops.array_api, lend(x, 1), lend(y, 1))).exp() @ lend(b, 1)
    assert type(got) is Lender and got.device == 1 and not streams
    assert_close(got.values, (-distances(rkeops.numpy, x, y)).exp() @ b)
    error_of(DeviceError, lambda: distances(rkeops.array_api, lend(x), lend(y)).sum(axis=1, backend="CPU"), "'CPU'")


def errors():
    x, y = points(M, D), points(N, D)
    api, near = rkeops.array_api, distances(rkeops.numpy, x, y)
    error_of(DeviceError, lambda: near.sum(axis=1, backend="GPU", device_id=7), "no CUDA device 7", "has 2")
    mixed = distances(api, lend(x), lend(y, 1))
    error_of(DeviceError, lambda: mixed.sum(axis=1), "argument 1 is on CUDA device 1, but argument 0 is on CUDA device 0")
    shared = distances(api, lend(x), lend(y))
    words = "device_id is 'all', but the arrays are on CUDA device 0"
    error_of(DeviceError, lambda: shared.sum(axis=1, device_id="all"), words)
    far = distances(api, lend(x, 5), lend(y, 5))
    error_of(DeviceError, lambda: far.sum(axis=1), "no CUDA device 5", "has 2")
    there = distances(api, lend(x), lend(y))
    for backend in ("CPU", "CPU_1D", "avx2"):
        asked = backend.partition("_")[0]
        error_of(DeviceError, lambda: there.sum(axis=1, backend=backend), f"'{asked}', but the arrays are on CUDA device 0")
    right = lend(points(M, 2))
    words = "argument 1 is on another device than argument 0"
    error_of(DeviceError, lambda: solve_on_device(lend(x), lend(x, 1), right), words)
    error_of(DeviceError, lambda: solve_on_device(lend(x), lend(x), right, backend="CPU"), "backend is 'CPU'")
    LIBRARY.empty = lambda shape, dtype="float64": Lender(np.empty(shape, dtype), 0)
    elsewhere = distances(api, lend(x, 1), lend(y, 1))
    error_of(DeviceError, lambda: elsewhere.sum(axis=1), "on CUDA device 1, where lender makes no new ones")


# What pykeops tells of GPUs.


def compat():
    rkeops.compat.install()
    import keopscore
    import pykeops
    from pykeops.common.gpu_utils import get_gpu_number

    def is_loaded():
        with open("/proc/self/maps") as maps:
            return "libcuda" in maps.read()

    available = pykeops.config.gpu_available
    assert not is_loaded(), "importing has looked for GPUs"
    assert available and available == True and repr(available) == "True"  # noqa: E712
    assert is_loaded() and get_gpu_number() == 2 and keopscore.cuda_config.get_use_cuda()
    assert "gpu 1: the processor, for tests" in repr(keopscore.show_gpu_config)


def compiler_of_a_package():
    assert "NVRTC: 12.999, libnvrtc.so.12" in rkeops.doctor()


# Tensors of PyTorch: those here are on the CPU, and said to be on a device.


def tensors():
    import torch

    import rkeops.torch
    from rkeops.torch._arrays import Torch
    from rkeops.torch._memory import queued

    asked = []

    def memory(size, dtype, device):
        asked.append((size, dtype, device))
        made = torch.empty(size + 256, dtype=dtype)
        return made[-made.data_ptr() % 256 :][:size]

    stream = SimpleNamespace(cuda_stream=77)
    stand_in = SimpleNamespace(
        cuda=SimpleNamespace(current_stream=lambda device: stream), empty=memory, uint8=torch.uint8
    )

    class OnDevice(Torch):
        def layout(self, value):
            return (*super().layout(value)[:3], torch.device("cuda", 1))

        def queue(self, device, size):
            made = queued(stand_in, device, size)
            assert made.stream == 77 and (made.workspace == 0) == (size == 0)
            return made

    class There(rkeops.torch.LazyTensor):
        _library = OnDevice()

    def energy(kind, x, y, b):
        K = (-((kind(x[:, None]) - kind(y[None])) ** 2).sum(-1) / (2 * 0.7**2)).exp()
        return (K @ b).square().sum()

    arguments = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((5, 2), (7, 2), (7, 1))]
    results = []
    for kind in (There, rkeops.torch.LazyTensor):
        value = energy(kind, *arguments)
        first = torch.autograd.grad(value, arguments, create_graph=True)
        second = torch.autograd.grad(first[0].square().sum(), arguments)
        detached = [one.detach() for one in arguments]
        _, along = torch.func.jvp(lambda *given: energy(kind, *given), tuple(detached), tuple(detached))
        results.append([value, *first, *second, along])
    for got, expected in zip(*results):
        torch.testing.assert_close(got, expected)
    assert asked and all(size > 0 and (dtype, device) == (torch.uint8, "cuda:1") for size, dtype, device in asked)
    assert queued(stand_in, 1, 0) == (77, 0, None)
    error_of(DeviceError, lambda: There(arguments[0][:, None]).sum(0, backend="CPU"), "the arrays are on CUDA device 1")


def tensors_in_ordinary_memory():
    import torch

    import rkeops.torch

    x, y = torch.randn(M, D, requires_grad=True), torch.randn(N, D)
    K = (-((rkeops.torch.Vi(x) - rkeops.torch.Vj(y)) ** 2).sum(-1)).exp()
    results = [K.logsumexp(dim=1, backend=backend) for backend in ("GPU", "CPU")]
    gradients = [torch.autograd.grad(result.sum(), [x])[0] for result in results]
    torch.testing.assert_close(*results)
    torch.testing.assert_close(*gradients)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
