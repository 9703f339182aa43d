//! Every kustomization of the real distributions, built here and by `kubectl kustomize`: the same objects come out. What
//! kubectl refuses because a resource that is named is not there is built here without it, and a warning says so; what it
//! refuses for other reasons is refused here, too. Needs kubectl (1.32 or later) on the path and the distributions in PROOFMARK_SHARED.
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{difference, in_ci, kubectl_kustomize};
use proofmark_manifests::{Source, load};

#[test]
fn kustomizations_of_distributions_build_as_with_kubectl() {
    let Some(shared) = shared() else { return };
    let mut folders = Vec::new();
    find(&shared.join("upstream"), &mut folders);
    folders.sort();
    let (mut equal, mut incomplete, mut refused, mut objects) = (0, 0, 0, 0);
    let mut wrong = BTreeMap::new();
    for folder in &folders {
        let theirs = match kubectl_kustomize(folder) {
            Ok(text) => Some(text),
            Err(common::NoKubectl) => {
                println!("skipped: no kubectl");
                assert!(!in_ci(), "CI has kubectl");
                return;
            }
        };
        let ours = load(&[Source::from(folder)]);
        match (ours, theirs.flatten()) {
            (Ok(ours), Some(theirs)) => match difference(&ours, &theirs) {
                None => {
                    equal += 1;
                    objects += ours.objects.len();
                }
                Some(difference) => {
                    wrong.insert(folder, difference);
                }
            },
            (Err(_), None) => refused += 1,
            (Ok(ours), None) if ours.warnings.iter().any(|warning| warning.message.ends_with("is not read")) => {
                incomplete += 1;
            }
            (Ok(_), None) => {
                wrong.insert(folder, "kubectl refuses it".to_owned());
            }
            (Err(errors), Some(_)) => {
                wrong.insert(folder, errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
            }
        }
    }
    println!(
        "{} kustomizations: {equal} equal with {objects} objects, {incomplete} built here only, for want of resources, \
         {refused} refused by both",
        folders.len()
    );
    let report: Vec<String> = wrong.iter().map(|(folder, text)| format!("{}\n{text}", folder.display())).collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), report.join("\n\n"));
    assert!(equal > 0, "no kustomizations found");
}

/// The folder with real distributions; without it a test is skipped, except in CI.
#[expect(clippy::disallowed_methods, reason = "tests find their surroundings by environment variables")]
fn shared() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var("PROOFMARK_SHARED").map_or_else(|_| default(), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {}", folder.display());
    assert!(!in_ci(), "CI has the shared folder");
    None
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            find(&path, found);
        } else if path.file_name().is_some_and(|name| name == "kustomization.yaml" || name == "kustomization.yml") {
            found.push(folder.to_owned());
        }
    }
}
