//! Fixtures filed by release.
//!
//! A folder with files in it is a *topic*, for example one CRD. A file is named by the first release for which it holds (`v0.15.0.yaml`)
//! and holds until the next newer file of the topic. A file without objects ends the topic. So what two releases share is written once,
//! and the names of the files are the table of what changed when.
//!
//! This module refuses to guess: a file whose name is not a known release, or whose text is not YAML, is a defect of the build and panics.
//! The tests of the crates that embed fixtures read every one of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use include_dir::{Dir, File};
use proofmark_json::Value;

/// The objects of every topic in `root` and below at `release`, topics in the order of their paths.
///
/// # Panics
/// If an embedded file is not named by a release of `R` or is not YAML.
pub fn objects<R: Copy + Ord + FromStr>(root: &Dir<'static>, release: R) -> Vec<Value> {
    let mut folders: Vec<_> = root.dirs().collect();
    folders.sort_by_key(|folder| folder.path());
    let own = own(root, release);
    own.into_iter().chain(folders.into_iter().flat_map(|folder| objects(folder, release))).collect()
}

/// The one object of the topic at `path` below `root` at `release`, if there is one.
///
/// # Panics
/// As [`objects`].
pub(crate) fn topic<R: Copy + Ord + FromStr>(root: &Dir<'static>, path: &str, release: R) -> Option<Value> {
    own(root.get_dir(path)?, release).into_iter().next()
}

/// The objects of the newest file of a folder that is not newer than `release`.
fn own<R: Copy + Ord + FromStr>(folder: &Dir<'static>, release: R) -> Vec<Value> {
    let files = folder.files().map(|file| (since::<R>(file), file)).filter(|(since, _)| *since <= release);
    files.max_by_key(|(since, _)| *since).map(|(_, file)| documents(file)).unwrap_or_default()
}

fn since<R: FromStr>(file: &File<'static>) -> R {
    let name = file.path().file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    R::from_str(name)
        .unwrap_or_else(|_| panic!("the fixture {} is not named by a known release", file.path().display()))
}

/// The objects of a fixture; each file is parsed once for the process, since a run builds many universes of the same releases.
fn documents(file: &File<'static>) -> Vec<Value> {
    static PARSED: Mutex<BTreeMap<(PathBuf, usize), Vec<Value>>> = Mutex::new(BTreeMap::new());
    // Two trees may have files of one name: contents tell them apart by their place in the binary.
    let key = (file.path().to_owned(), file.contents().as_ptr().addr());
    let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    parsed.entry(key).or_insert_with(|| parse(file)).clone()
}

fn parse(file: &File<'static>) -> Vec<Value> {
    let text = file.contents_utf8().unwrap_or_else(|| panic!("the fixture {} is not UTF-8", file.path().display()));
    let options = serde_saphyr::options! { legacy_octal_numbers: true };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .unwrap_or_else(|error| panic!("the fixture {} is not YAML: {error}", file.path().display()));
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

#[cfg(test)]
mod tests {
    use include_dir::DirEntry;
    use proofmark_json::json;

    use super::*;

    static TREE: Dir<'static> = Dir::new(
        "",
        &[
            DirEntry::Dir(Dir::new(
                "b",
                &[
                    DirEntry::File(File::new("b/9.yaml", b"{kind: Nine}")),
                    DirEntry::File(File::new("b/10.yaml", b"# nothing left\n")),
                    DirEntry::File(File::new("b/2.yaml", b"{kind: Two}\n---\n{kind: Also}")),
                ],
            )),
            DirEntry::Dir(Dir::new("a", &[DirEntry::File(File::new("a/5.yaml", b"{kind: Five}"))])),
        ],
    );

    #[test]
    fn each_topic_gives_its_newest_file_that_is_old_enough() {
        let kinds =
            |release: u32| json!(objects(&TREE, release).iter().map(|object| &object["kind"]).collect::<Vec<_>>());
        assert_eq!(kinds(1), json!([]));
        assert_eq!(kinds(2), json!(["Two", "Also"]));
        assert_eq!(kinds(8), json!(["Five", "Two", "Also"]));
        assert_eq!(kinds(9), json!(["Five", "Nine"]));
        assert_eq!(kinds(10), json!(["Five"]));
    }

    #[test]
    fn one_topic_is_found_by_its_path() {
        assert_eq!(topic(&TREE, "b", 8_u32), Some(json!({"kind": "Two"})));
        assert_eq!(topic(&TREE, "b", 10_u32), None);
        assert_eq!(topic(&TREE, "c", 8_u32), None);
    }

    #[test]
    #[should_panic(expected = "not named by a known release")]
    fn a_file_with_another_name_is_a_defect() {
        static ODD: Dir<'static> = Dir::new("", &[DirEntry::File(File::new("readme.yaml", b""))]);
        objects(&ODD, 1_u32);
    }
}
