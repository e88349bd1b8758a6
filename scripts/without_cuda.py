"""Lets a torch that was built for CUDA run on a machine without its libraries: without_cuda.py FOLDER_OF_TORCH

The wheel of the package index links to some gigabytes of CUDA. The dynamic linker wants these libraries and their
symbols to be there before torch finds out that there is no device, so libraries of the same names are made, in which
every function fails with "no CUDA-capable device". A wheel that was built for CPUs alone lacks nothing and is
left as it is.
"""

import re
import subprocess
import sys
from pathlib import Path

CUDA_LIBRARY, CUDA_SYMBOL = re.compile(r"lib(cu|nv|nccl)\w*\.so\.\d+"), re.compile(r"_*(cu|nv|nccl)\w+")
NEEDED = re.compile(r"NEEDED.*\[(.*)\]")
NO_DEVICE = 100  # cudaErrorNoDevice


def lines(*command):
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def symbols(library, kind):
    """Names of dynamic symbols, without their versions."""
    return {line.split()[-1].partition("@")[0] for line in lines("nm", "-D", kind, library)}


def main():
    """Makes what is lacking in torch's own folder of libraries, where the linker looks first."""
    folder = Path(sys.argv[1]) / "lib"
    libraries = sorted(folder.glob("*.so*"))
    needed = {name for library in libraries for name in NEEDED.findall("\n".join(lines("readelf", "-d", library)))}
    lacking = sorted(name for name in needed if CUDA_LIBRARY.fullmatch(name) and not (folder / name).exists())
    if not lacking:
        return
    wanted = set().union(*(symbols(library, "--undefined-only") for library in libraries))
    wanted -= set().union(*(symbols(library, "--defined-only") for library in libraries))
    functions = sorted(filter(CUDA_SYMBOL.fullmatch, wanted))
    labels = "".join(f".globl {name}\n.type {name}, @function\n{name}:\n" for name in functions)
    source = f'.text\n{labels}mov ${NO_DEVICE}, %eax\nret\n.section .note.GNU-stack,"",@progbits\n'
    # One library has all symbols and the others lead to it: the linker refuses a symbol with a version from a library
    # of the version's name that has no versions.
    link = ["cc", "-shared", "-nostdlib", "-o"]
    together = folder / "libwithout_cuda.so"
    subprocess.run(
        [*link, together, f"-Wl,-soname,{together.name}", "-x", "assembler", "-"], input=source, text=True, check=True
    )
    for name in lacking:
        options = f"-Wl,-soname,{name},--no-as-needed,-rpath,$ORIGIN"
        subprocess.run([*link, folder / name, options, together], check=True)
    print(f"torch runs without {len(lacking)} libraries of CUDA")


if __name__ == "__main__":
    main()
