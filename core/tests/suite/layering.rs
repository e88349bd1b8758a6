//! The one-way street: each module uses only what the table allows; unsafe code stays where machine code is made and called;
//! files stay short enough to read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each module and the modules that it may use.
const MAY_USE: [(&str, &[&str]); 13] = [
    ("error", &[]),
    ("dtype", &[]),
    ("array", &["dtype"]),
    ("ops", &["error"]),
    ("formula", &["error", "ops"]),
    ("derive", &["error", "ops", "formula"]),
    ("reduction", &["error", "ops", "formula", "derive"]),
    ("syntax", &["error", "ops", "formula", "reduction"]),
    ("plan", &["error", "ops", "formula", "derive", "reduction"]),
    ("lower", &["error", "dtype", "ops", "formula", "reduction", "plan"]),
    ("backend", &["error", "dtype", "ops", "lower"]),
    ("engine", &["error", "dtype", "array", "formula", "reduction", "plan", "lower", "backend"]),
    ("solve", &["error", "dtype", "array", "formula", "reduction", "engine"]),
];

/// Names at the root of the crate that are no modules.
const ROOT: [&str; 1] = ["VERSION"];

/// Lines of a file at most.
const LONGEST_FILE: usize = 500;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// All Rust files below a folder, with their text.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The text without comments, strings and what follows `#[cfg(test)]`.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or("");
    let mut code = String::new();
    for line in text.lines() {
        let mut outside = true;
        let mut before = ' ';
        let mut line = line.split("//").next().unwrap_or("").chars().peekable();
        while let Some(c) = line.next() {
            match c {
                '\\' if !outside => drop(line.next()),
                '"' if before != '\'' => outside = !outside,
                _ if outside => code.push(c),
                _ => {}
            }
            before = c;
        }
        code.push('\n');
    }
    code
}

/// The top-level module of a file in `src`; none for `lib.rs`.
fn module(path: &Path, source: &Path) -> Option<String> {
    let inside = path.strip_prefix(source).unwrap();
    let first = inside.iter().next().unwrap().to_str().unwrap();
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (name != "lib").then(|| name.to_owned())
}

/// Whether a file is compiled for tests alone, which may use all that it takes to test.
fn is_test(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs")
}

/// The names that follow `crate::`, alone or in braces.
fn used(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        let (mut depth, mut part) = (0, String::new());
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.insert(name(part.trim()));
                    part.clear();
                    continue;
                }
                _ => {}
            }
            part.push(c);
        }
        names.insert(name(part.trim()));
    }
    names.remove("");
    names
}

#[test]
fn modules_use_only_what_comes_before() {
    let source = folder("src");
    for (path, text) in files(&source).into_iter().filter(|(path, _)| !is_test(path.strip_prefix(&source).unwrap())) {
        let Some(module) = module(&path, &source) else { continue };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            panic!("{}: the module {module} has no place in the order", path.display());
        };
        for name in used(&code(&text)) {
            let fine = name == module || allowed.contains(&name.as_str()) || ROOT.contains(&name.as_str());
            assert!(fine, "{}: {module} must not use crate::{name}", path.display());
        }
        // `super` must not climb to the crate's root, where every module is.
        let depth = path.strip_prefix(&source).unwrap().iter().count() - usize::from(path.ends_with("mod.rs"));
        let climbs = "super::".repeat(depth);
        assert!(!code(&text).contains(&climbs), "{}: {climbs} is the crate's root", path.display());
    }
}

/// The table itself has an order without cycles.
#[test]
fn the_order_has_no_cycle() {
    for (k, (module, allowed)) in MAY_USE.iter().enumerate() {
        for name in *allowed {
            assert!(MAY_USE[..k].iter().any(|(earlier, _)| earlier == name), "{module} uses {name}, which comes later");
        }
    }
}

#[test]
fn unsafe_code_is_in_few_places() {
    let source = folder("src");
    for (path, text) in files(&source) {
        let allowed = ["backend/cpu", "backend/cuda/driver.rs", "backend/cuda/nvrtc.rs"];
        if allowed.iter().any(|place| path.starts_with(source.join(place))) {
            continue;
        }
        let code = code(&text);
        let mut words = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        assert!(!words.any(|word| word == "unsafe"), "{} has unsafe code", path.display());
    }
    let root = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    assert!(root.contains("#![deny(unsafe_code)]"));
}

#[test]
fn files_are_short_and_say_their_duty() {
    for (path, text) in files(&folder("src")).into_iter().chain(files(&folder("tests"))) {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines; expected at most {LONGEST_FILE}", path.display());
        assert!(text.starts_with("//! "), "{} does not open with its duty", path.display());
    }
}

/// The reader of `use` lines sees what it should.
#[test]
fn the_reader_finds_every_form() {
    let text = "use crate::{ops::{self, Node}, error::Error, dtype};\nuse crate::plan; // crate::engine\n\
                let a = crate::formula::f(\"crate::syntax\");\nuse rkeops_crate::x;\n#[cfg(test)]\nuse crate::lower;";
    let found: Vec<String> = used(&code(text)).into_iter().collect();
    assert_eq!(found, ["dtype", "error", "formula", "ops", "plan"]);
}
