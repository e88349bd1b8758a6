//! `include/rkeops.h` is what cbindgen makes of the sources, and every C and C++ compiler takes it.
//!
//! `UPDATE=1 cargo test -p rkeops --test header` (or `make header`) rewrites it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The files that have C declarations, in the order in which a reader of the header should meet them.
const SOURCES: [&str; 10] = [
    "types.rs",
    "error.rs",
    "text.rs",
    "doctor.rs",
    "threads.rs",
    "formula.rs",
    "reduction.rs",
    "ranges.rs",
    "kernel.rs",
    "solver.rs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The manual is the documentation of the crate: written once, in lib.rs.
fn manual() -> String {
    let source = std::fs::read_to_string(root().join("ffi/src/lib.rs")).unwrap();
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let body: String = lines.map(|line| format!(" *{line}\n")).collect();
    format!("/*\n{body} */")
}

/// What C needs beside the declarations: a start value whose fields are all set, for compilers that warn otherwise.
const START_VALUE: &str = "
/** Options with every field at its default, for: rkeops_options options = RKEOPS_OPTIONS_INIT; */
#define RKEOPS_OPTIONS_INIT { sizeof(rkeops_options), 0, 0, 0, 0, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, 0, 0 }
/** KeOps' defaults, for: rkeops_solve_options solve = RKEOPS_SOLVE_OPTIONS_INIT; */
#define RKEOPS_SOLVE_OPTIONS_INIT { sizeof(rkeops_solve_options), 1e-10, 1e-6, 0, NULL, NULL }
";

fn generate() -> String {
    let mut config = cbindgen::Config {
        language: cbindgen::Language::C,
        header: Some(manual()),
        autogen_warning: Some("/* Made from ffi/src by `make header`; edit the sources, not this file. */".into()),
        include_guard: Some("RKEOPS_H".into()),
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        after_includes: Some(START_VALUE.into()),
        style: cbindgen::Style::Type,
        cpp_compat: true,
        usize_is_size_t: true,
        line_length: 100,
        tab_width: 4,
        documentation_style: cbindgen::DocumentationStyle::Doxy,
        ..Default::default()
    };
    config.function.args = cbindgen::Layout::Vertical;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(root().join("ffi/src").join(source));
    }
    let mut header = Vec::new();
    builder.generate().expect("cbindgen reads the sources").write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn header_is_current() {
    let path = root().join("include/rkeops.h");
    let header = generate();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // The other tests read it at the same time: it is there at every moment, old or new.
        let fresh = path.with_extension("h.new");
        std::fs::write(&fresh, &header).unwrap();
        std::fs::rename(&fresh, &path).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == header, "include/rkeops.h is not what the sources say; run `make header`");
}

/// A C function that is not re-exported by lib.rs, or is missing in the header, would be found by nobody.
#[test]
fn every_function_is_in_the_header() {
    let header = std::fs::read_to_string(root().join("include/rkeops.h")).unwrap();
    let lib = std::fs::read_to_string(root().join("ffi/src/lib.rs")).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("ffi/src")).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for item in source.split("extern \"C\" fn rkeops_").skip(1) {
            let name = format!("rkeops_{}", item.split('(').next().unwrap());
            assert!(header.contains(&format!("{name}(")), "{name} is not in the header");
            assert!(lib.contains(&name), "{name} is not exported by lib.rs");
            count += 1;
        }
    }
    assert!(count > 30, "found {count} functions");
}

#[test]
fn every_dialect_compiles_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("header");
    std::fs::create_dir_all(&folder).unwrap();
    for (compiler, extension, standards) in
        [("cc", "c", ["c99", "c11", "c17"].as_slice()), ("c++", "cc", ["c++11", "c++17", "c++20"].as_slice())]
    {
        let source = folder.join(format!("header.{extension}"));
        let text = "#include <rkeops.h>\n#include <rkeops.h>\nrkeops_options options = RKEOPS_OPTIONS_INIT;\n\
                    int version(void);\nint version(void) { return RKEOPS_ABI_VERSION + RKEOPS_ERROR_HANDLE; }\n";
        std::fs::write(&source, text).unwrap();
        for standard in standards {
            let mut command = Command::new(compiler);
            command.arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-c", "-o"]);
            command.arg(folder.join("header.o")).arg("-I").arg(root().join("include")).arg(&source);
            let output = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}"));
            assert!(output.status.success(), "{compiler} -std={standard}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
