# Pkg runs this when the package is added: where there is no library yet, cargo builds that of the checkout around.

using Libdl

include(joinpath(@__DIR__, "..", "src", "library.jl"))

if find_library() === nothing
    root = normpath(joinpath(package_folder, "..", ".."))
    isfile(joinpath(root, "Cargo.toml")) || error(
        "RKeOps: there is no library $file_name, and no checkout of rkeops around $package_folder to build it in; " *
        "set RKEOPS_LIBRARY to its file",
    )
    Sys.which("cargo") === nothing &&
        error("RKeOps: cargo, which builds the library, is not there; install Rust, or set RKEOPS_LIBRARY to a library")
    manifest, target = joinpath(root, "Cargo.toml"), joinpath(root, "target")
    run(`cargo build --release -p rkeops --manifest-path $manifest --target-dir $target`)
end
