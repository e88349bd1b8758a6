"""The C interface of rkeops through ctypes: just what the comparisons call; no array is copied."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_void_p

import numpy as np

TARGETS = {"auto": 0, "portable": 1, "avx2": 2, "avx512": 3}
INTEGER, FLOAT, COMPLEX = 0, 2, 5
KINDS = {INTEGER: "i", FLOAT: "f", COMPLEX: "f"}  # NumPy's letter for what an array of this program holds


class Array(ctypes.Structure):
    """`rkeops_array`."""

    _fields_ = [
        ("data", c_void_p),
        ("dtype_code", c_int32),
        ("dtype_bits", c_int32),
        ("device_type", c_int32),
        ("device_id", c_int32),
        ("rank", c_int32),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
    ]


class Options(ctypes.Structure):
    """`rkeops_options`."""

    _fields_ = [
        ("size", c_size_t),
        ("dtype_bits", c_int32),
        ("target", c_int32),
        ("threads", c_int32),
        ("reserved", c_int32),
        ("progress", c_void_p),
        ("progress_user", c_void_p),
        ("ranges", c_void_p),
        ("accumulator_bits", c_int32),
        ("summation", c_int32),
    ]


class Error(Exception):
    """What the library said."""


class Library:
    """The shared object, with the signatures of the functions that are used here."""

    def __init__(self, path):
        self.c = c = ctypes.CDLL(str(path))
        handle = c_void_p
        signatures = {
            "rkeops_reduction_parse": [c_char_p, POINTER(c_char_p), c_size_t, POINTER(handle)],
            "rkeops_kernel_compile": [POINTER(handle), c_size_t, POINTER(Options), POINTER(handle)],
            "rkeops_kernel_run": [handle, POINTER(Array), c_size_t, POINTER(Array), c_size_t, POINTER(Options)],
            "rkeops_kernel_explain": [handle, POINTER(handle)],
            "rkeops_kernel_output_count": [handle, POINTER(c_size_t)],
            "rkeops_kernel_output": [handle, c_size_t, POINTER(c_int64), POINTER(c_int32), POINTER(c_int32)],
            "rkeops_ranges_from_blocks": [c_void_p, c_size_t, c_void_p, c_size_t, c_void_p, POINTER(handle)],
            "rkeops_doctor": [POINTER(handle)],
        }
        for name, arguments in signatures.items():
            function = getattr(c, name)
            function.argtypes, function.restype = arguments, handle
        for name in ("error", "text", "reduction", "kernel", "ranges"):
            free = getattr(c, f"rkeops_{name}_free")
            free.argtypes, free.restype = [handle], None
        for name in ("rkeops_error_message", "rkeops_text_data"):
            getattr(c, name).argtypes, getattr(c, name).restype = [handle], c_char_p
        c.rkeops_version.restype = c_char_p

    def must(self, error):
        """Raises what a failed call returned."""
        if error:
            message = self.c.rkeops_error_message(error).decode()
            self.c.rkeops_error_free(error)
            raise Error(message)

    def text(self, function, *arguments):
        """The text that a function writes through its last argument."""
        out = c_void_p()
        self.must(function(*arguments, byref(out)))
        text = self.c.rkeops_text_data(out).decode()
        self.c.rkeops_text_free(out)
        return text

    def doctor(self):
        """What the library says of this machine."""
        return self.text(self.c.rkeops_doctor)


class Kernel:
    """One or several reductions compiled together."""

    def __init__(self, library, texts, aliases, dtype, target="auto"):
        self.library, self.dtype, self.handle = library, np.dtype(dtype), c_void_p()
        c, names = library.c, (c_char_p * len(aliases))(*(alias.encode() for alias in aliases))
        reductions = (c_void_p * len(texts))()
        for k, text in enumerate(texts):
            reduction = c_void_p()
            library.must(c.rkeops_reduction_parse(text.encode(), names, len(aliases), byref(reduction)))
            reductions[k] = reduction
        self.options = Options(ctypes.sizeof(Options), 8 * self.dtype.itemsize, TARGETS[target])
        try:
            library.must(c.rkeops_kernel_compile(reductions, len(texts), byref(self.options), byref(self.handle)))
        finally:
            for reduction in reductions:
                c.rkeops_reduction_free(reduction)

    def __del__(self):
        self.library.c.rkeops_kernel_free(self.handle)

    def explain(self):
        """The kernel's own description."""
        return self.library.text(self.library.c.rkeops_kernel_explain, self.handle)

    def outputs(self, leading):
        """Empty arrays for the results, of the shape `leading` and their columns; complex numbers are two columns."""
        c, must, count = self.library.c, self.library.must, c_size_t()
        must(c.rkeops_kernel_output_count(self.handle, byref(count)))
        made = []
        for k in range(count.value):
            columns, code, bits = c_int64(), c_int32(), c_int32()
            must(c.rkeops_kernel_output(self.handle, k, byref(columns), byref(code), byref(bits)))
            is_complex = code.value == COMPLEX
            dtype = f"{KINDS[code.value]}{bits.value // 8 // (1 + is_complex)}"
            made.append(np.empty((*leading, columns.value * (1 + is_complex)), dtype))
        return made

    def bind(self, inputs, outputs, ranges=None):
        """A call without arguments that runs the kernel on these arrays, so that a timing holds the run alone."""
        options = Options.from_buffer_copy(self.options)
        options.ranges = ranges.handle if ranges else None
        keep = [self, list(inputs), list(outputs), ranges]
        arrays = [_arrays(group, keep) for group in (inputs, outputs)]
        run, must = self.library.c.rkeops_kernel_run, self.library.must

        def call():
            must(run(keep[0].handle, arrays[0], len(inputs), arrays[1], len(outputs), byref(options)))
            return outputs

        return call


class Ranges:
    """The pairs of a grid of blocks: block c of the rows of i meets block d of those of j where `keep[c, d]`."""

    def __init__(self, library, blocks_i, blocks_j, keep):
        self.library, self.handle = library, c_void_p()
        lists = [np.ascontiguousarray(blocks, np.int64) for blocks in (blocks_i, blocks_j)]
        keep = np.ascontiguousarray(keep, np.uint8)
        pointers = [part for blocks in lists for part in (blocks.ctypes.data, len(blocks))]
        library.must(library.c.rkeops_ranges_from_blocks(*pointers, keep.ctypes.data, byref(self.handle)))

    def __del__(self):
        self.library.c.rkeops_ranges_free(self.handle)


def _arrays(group, keep):
    result = (Array * len(group))()
    for k, a in enumerate(group):
        shape = (c_int64 * a.ndim)(*a.shape)
        strides = (c_int64 * a.ndim)(*(step // a.itemsize for step in a.strides))
        keep += [shape, strides]
        code = next(code for code, kind in KINDS.items() if kind == a.dtype.kind)
        result[k] = Array(a.ctypes.data, code, 8 * a.itemsize, 1, 0, a.ndim, shape, strides)
    return result
