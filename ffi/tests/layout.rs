//! The header, a hand-written binding of it (binding/abi.rs) and the library agree: a C compiler and rustc each
//! measure sizes, offsets, signs and constants, and both look at the same functions.

use std::path::Path;
use std::process::Command;

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{printed}");
    printed
}

#[test]
fn header_and_binding_agree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layout");
    std::fs::create_dir_all(&folder).unwrap();
    let binding = root.join("ffi/tests/binding/abi.rs");

    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = run(Command::new(&rustc).arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc tells its host");
    let mut generator = ctest::TestGenerator::new();
    generator.header("rkeops.h").include(root.join("include")).target(host).out_dir(&folder);
    // The structs are typedefs without a tag, and ctest would write `struct NAME`.
    generator.rename_struct_ty(|name| name.starts_with("rkeops_").then(|| name.to_string()));
    let tests = generator.generate_files(&binding, "checks.rs").expect("ctest reads the binding");

    // The C half. The warnings of generated code are ctest's business, not ours.
    let object = folder.join("checks.o");
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-Wall", "-c", "-I"]).arg(root.join("include")).arg(tests.with_extension("c"));
    run(cc.arg("-o").arg(&object));

    // The Rust half, linked with the C half and with the library that this test was built with.
    let main = folder.join("main.rs");
    let text = format!("#![allow(warnings)]\ninclude!({:?});\ninclude!({:?});\n", binding.display(), tests.display());
    std::fs::write(&main, text).unwrap();
    let library = std::env::current_exe().unwrap();
    let library = library.parent().unwrap();
    let program = folder.join("checks");
    let mut compile = Command::new(&rustc);
    compile.args(["--edition", "2021", "-C"]).arg(format!("link-arg={}", object.display()));
    compile.arg("-L").arg(library).args(["-l", "dylib=rkeops", "-C"]);
    compile.arg(format!("link-arg=-Wl,-rpath,{}", library.display()));
    run(compile.arg(&main).arg("-o").arg(&program));

    // Cargo's path names the folder of finished builds first, which may hold an older library.
    let printed = run(Command::new(&program).env("LD_LIBRARY_PATH", library));
    println!("{printed}");
    let passed = printed.split_whitespace().find_map(|word| word.parse::<usize>().ok()).unwrap_or(0);
    assert!(passed > 100, "ctest made few checks: {printed}");
}
