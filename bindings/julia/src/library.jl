# The shared library: where it is, and the addresses of its functions. These are looked up when the package is loaded,
# because the file is not known before, and a `ccall` wants names that are constant.

const function_names = (
    :error_code, :error_message, :error_free, :text_data, :text_free, :version, :doctor, :formula_parse,
    :formula_variable, :formula_apply, :formula_renumber, :formula_transpose, :formula_dim, :formula_is_complex,
    :formula_text, :formula_free, :reduction_parse, :reduction_create, :reduction_saved_count, :reduction_saved,
    :reduction_gradient, :reduction_dim, :reduction_free, :kernel_compile, :kernel_run,
    :kernel_input_count, :kernel_input, :kernel_output_count, :kernel_output, :kernel_axis, :kernel_explain,
    :kernel_free, :solver_create, :solver_run, :solver_free, :ranges_create, :ranges_free,
)

@eval mutable struct Functions
    is_loaded::Bool
    file::String
    $([:($name::Ptr{Cvoid}) for name in function_names]...)
end

const functions = Functions(false, "", ntuple(_ -> C_NULL, length(function_names))...)

# The version of the C interface that this package is written for.
const abi_version = 1

const file_name = "librkeops." * Libdl.dlext

# The folder of the package.
const package_folder = dirname(@__DIR__)

const checkout_library = normpath(joinpath(package_folder, "..", "..", "target", "release", file_name))

# The library's file: what RKEOPS_LIBRARY names, a file beside the package, the system's, or what cargo has built in the
# checkout that the package is in; nothing where there is none.
function find_library()
    named = get(ENV, "RKEOPS_LIBRARY", "")
    isempty(named) || return named
    beside = joinpath(package_folder, file_name)
    isfile(beside) && return beside
    handle = Libdl.dlopen("librkeops"; throw_error=false)
    handle === nothing || return Libdl.dlpath(handle)
    isfile(checkout_library) && return checkout_library
    return nothing
end

function load(file)
    handle = Libdl.dlopen(file; throw_error=false)
    handle === nothing && throw(missing_library("the file $file cannot be loaded"))
    version = Libdl.dlsym(handle, :rkeops_abi_version; throw_error=false)
    version === nothing && throw(missing_library("the file $file is no library of rkeops"))
    found = ccall(version, Int32, ())
    found < abi_version &&
        throw(missing_library("the library $file has version $found of the C interface; expected $abi_version or more"))
    for name in function_names
        setfield!(functions, name, Libdl.dlsym(handle, Symbol(:rkeops_, name)))
    end
    functions.file = file
    functions.is_loaded = true
    return nothing
end

# The functions, where it is not known whether there is a library.
function library()
    functions.is_loaded && return functions
    file = find_library()
    file === nothing && throw(missing_library("there is none"))
    load(file)
    return functions
end
