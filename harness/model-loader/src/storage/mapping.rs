//! Where an object's file goes, mistakes included.

use crate::release::Mapping;

/// The path of an object's file below the destination. `prefix` is the path of the URI without slashes in front.
pub(super) fn target(mapping: Mapping, prefix: &str, key: &str) -> String {
    if prefix == key {
        return last(key).to_owned();
    }
    let prefix_last = last(prefix);
    let begins_alike = last(key).starts_with(prefix_last);
    match mapping {
        Mapping::CutEverywhere if begins_alike => {
            let parent = prefix.rsplit_once('/').map_or(prefix, |(parent, _)| parent);
            without_slashes(&key.replacen(parent, "", 1))
        }
        Mapping::FlattenSiblings if begins_alike && !prefix_last.is_empty() => last(key).to_owned(),
        Mapping::CutEverywhere | Mapping::FlattenSiblings if prefix.is_empty() => without_slashes(key),
        Mapping::CutEverywhere | Mapping::FlattenSiblings => without_slashes(&key.replace(prefix, "")),
        Mapping::CutFrontOneSlash => {
            let rest = key.strip_prefix(prefix).unwrap_or(key);
            if key.starts_with(prefix) { rest.strip_prefix('/').unwrap_or(rest).to_owned() } else { key.to_owned() }
        }
        Mapping::CutFront => without_slashes(key.strip_prefix(prefix).unwrap_or(key)),
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn without_slashes(path: &str) -> String {
    path.trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_become_paths_as_each_release_makes_them() {
        use Mapping::{CutEverywhere, CutFront, CutFrontOneSlash, FlattenSiblings};
        for (prefix, key, paths) in [
            ("models", "models/a/model.bin", ["a/model.bin"; 4]),
            ("models", "models2/x.bin", ["2/x.bin"; 4]),
            ("m", "m/sub/model.bin", ["sub/model.bin", "model.bin", "sub/model.bin", "sub/model.bin"]),
            ("m", "m/readme.md", ["reade.d", "reade.d", "readme.md", "readme.md"]),
            ("a/b", "a/b/c/a/b/d.bin", ["c//d.bin", "c//d.bin", "c/a/b/d.bin", "c/a/b/d.bin"]),
            ("models/churn", "models/churn-pickle", ["churn-pickle", "churn-pickle", "-pickle", "-pickle"]),
            ("models/churn", "models/churn", ["churn"; 4]),
            ("models/", "models/a/b.bin", ["a/b.bin"; 4]),
            ("", "a/b.bin", ["a/b.bin"; 4]),
            ("models", "models///b.bin", ["b.bin", "b.bin", "//b.bin", "b.bin"]),
        ] {
            let found = [CutEverywhere, FlattenSiblings, CutFrontOneSlash, CutFront]
                .map(|mapping| target(mapping, prefix, key));
            assert_eq!(found, paths, "{prefix} {key}");
        }
    }

    proptest! {
        /// Whatever stands behind a prefix with a slash comes out as it is, except where it begins with slashes.
        #[test]
        fn newer_releases_keep_what_follows_a_folder(folder in "[a-z]{1,5}(/[a-z]{1,5}){0,2}", rest in "[a-z.][a-z./]{0,12}") {
            let key = format!("{folder}/{rest}");
            for mapping in [Mapping::CutFront, Mapping::CutFrontOneSlash] {
                prop_assert_eq!(target(mapping, &folder, &key), rest.clone());
            }
        }

        #[test]
        fn any_key_becomes_a_path(prefix in ".*", key in ".*") {
            for mapping in [Mapping::CutEverywhere, Mapping::FlattenSiblings, Mapping::CutFrontOneSlash, Mapping::CutFront] {
                target(mapping, &prefix, &key);
            }
        }
    }
}
