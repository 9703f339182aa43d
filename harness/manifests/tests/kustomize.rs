//! Kustomizations feature by feature: `cases/*.txt` hold files (`-- path --` heads each) and, under `expected`, what
//! `kubectl kustomize` made of the folder `build`. Where kubectl is at hand, the second test asks it again.
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{difference, kubectl_kustomize};
use proofmark_manifests::{Source, load};
use tempfile::TempDir;

/// The sections of a case by name. A case without a `base` of its own gets the common one.
fn sections(name: &str) -> BTreeMap<String, String> {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name).with_extension("txt");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut sections = BTreeMap::new();
        let mut current = String::new();
        for line in text.split_inclusive('\n') {
            match line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --\n")) {
                Some(name) => current = name.to_owned(),
                None => sections.entry(current.clone()).or_insert_with(String::new).push_str(line),
            }
        }
        sections
    };
    let mut sections = read(name);
    for (path, text) in read("base") {
        if !sections.keys().any(|known| *known == path) {
            sections.insert(path, text);
        }
    }
    sections
}

/// Lays the files of a case out in a folder.
fn lay_out(sections: &BTreeMap<String, String>) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in sections.iter().filter(|(path, _)| *path != "expected") {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        let bytes = match text.strip_prefix("hex ") {
            Some(hex) => hex.trim().as_bytes().chunks(2).map(byte).collect(),
            None => text.replace("\\r\n", "\r\n").into_bytes(),
        };
        std::fs::write(path, bytes).expect("a file");
    }
    folder
}

fn byte(hex: &[u8]) -> u8 {
    let text = std::str::from_utf8(hex).expect("hexadecimal digits");
    u8::from_str_radix(text, 16).expect("hexadecimal digits")
}

fn case_names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = std::fs::read_dir(folder).expect("the cases");
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "base")
        .collect();
    names.sort();
    names
}

#[test]
fn builds_are_those_of_kubectl() {
    let mut wrong = Vec::new();
    for name in case_names() {
        let sections = sections(&name);
        let folder = lay_out(&sections);
        let result = match load(&[Source::from(folder.path().join("build"))]) {
            Ok(ours) => difference(&ours, &sections["expected"]),
            Err(errors) => Some(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        };
        wrong.extend(result.map(|result| format!("{name}\n{result}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn expectations_are_what_kubectl_says_today() {
    let mut stale = Vec::new();
    for name in case_names() {
        let sections = sections(&name);
        let folder = lay_out(&sections);
        let Ok(text) = kubectl_kustomize(&folder.path().join("build")) else {
            println!("skipped: no kubectl");
            assert!(!common::in_ci(), "CI has kubectl");
            return;
        };
        if text.as_ref() != Some(&sections["expected"]) {
            stale.push(format!("{name}\n{}", text.unwrap_or_default()));
        }
    }
    assert!(stale.is_empty(), "{}", stale.join("\n\n"));
}
