//! Which keys a list shows: pure, over keys in their order.

use std::collections::BTreeMap;
use std::ops::Bound;

/// What is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: &'a str,
    /// Only keys behind this one.
    pub(super) after: &'a str,
    /// Keys and common prefixes together.
    pub(super) max: usize,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page<'a, T> {
    pub(super) keys: Vec<(&'a str, &'a T)>,
    pub(super) prefixes: Vec<String>,
    /// Where the next page begins, if there is one: the last key or common prefix of this one.
    pub(super) next: Option<String>,
}

/// The keys that begin with the prefix; those that have the delimiter behind it are rolled up into common prefixes.
///
/// `shows` tells which values count. A page that was begun behind a common prefix skips everything that it rolls up.
pub(super) fn list<'a, T>(all: &'a BTreeMap<String, T>, wanted: Wanted<'_>, shows: impl Fn(&T) -> bool) -> Page<'a, T> {
    let Wanted { prefix, delimiter, after, max } = wanted;
    let mut page = Page { keys: vec![], prefixes: vec![], next: None };
    if max == 0 {
        return page;
    }
    let rolled_up = |key: &str| {
        let rest = key.get(prefix.len()..)?;
        let at = if delimiter.is_empty() { None } else { rest.find(delimiter) }?;
        Some(key[..prefix.len() + at + delimiter.len()].to_owned())
    };
    // What begins with the prefix lies together; so does what is rolled up, which is skipped in one go.
    let mut from = if after < prefix { Bound::Included(prefix.to_owned()) } else { Bound::Excluded(after.to_owned()) };
    if rolled_up(after).as_deref() == Some(after) && after.starts_with(prefix) {
        from = behind(after);
    }
    let mut last = None;
    loop {
        let mut range = all.range((from, Bound::Unbounded));
        let Some((key, value)) = range.find(|(_, value)| shows(value)) else { break };
        if !key.starts_with(prefix) {
            break;
        }
        if page.keys.len() + page.prefixes.len() == max {
            page.next = last;
            break;
        }
        match rolled_up(key) {
            Some(common) => {
                from = behind(&common);
                last = Some(common.clone());
                page.prefixes.push(common);
            }
            None => {
                from = Bound::Excluded(key.clone());
                last = Some(key.clone());
                page.keys.push((key.as_str(), value));
            }
        }
    }
    page
}

/// Everything that does not begin with a text and is behind all that does.
fn behind(text: &str) -> Bound<String> {
    // The next text of this length: its last character that has a successor is raised.
    let mut letters: Vec<char> = text.chars().collect();
    while let Some(letter) = letters.pop() {
        let next = (letter as u32 + 1..=char::MAX as u32).find_map(char::from_u32);
        if let Some(next) = next {
            letters.push(next);
            return Bound::Included(letters.into_iter().collect());
        }
    }
    Bound::Excluded(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn bucket(keys: &[&str]) -> BTreeMap<String, ()> {
        keys.iter().map(|key| ((*key).to_owned(), ())).collect()
    }

    #[rstest]
    #[case("", "", "", 10, &["a", "b/1", "b/2", "b/c/3", "d"], &[], None)]
    #[case("", "/", "", 10, &["a", "d"], &["b/"], None)]
    #[case("b/", "/", "", 10, &["b/1", "b/2"], &["b/c/"], None)]
    #[case("b", "", "b/1", 1, &["b/2"], &[], Some("b/2"))]
    #[case("", "/", "a", 1, &[], &["b/"], Some("b/"))]
    #[case("", "/", "b/", 10, &["d"], &[], None)]
    #[case("", "/", "b/1", 10, &["d"], &["b/"], None)]
    #[case("x", "", "", 10, &[], &[], None)]
    #[case("", "", "", 0, &[], &[], None)]
    fn pages(
        #[case] prefix: &str,
        #[case] delimiter: &str,
        #[case] after: &str,
        #[case] max: usize,
        #[case] keys: &[&str],
        #[case] prefixes: &[&str],
        #[case] next: Option<&str>,
    ) {
        let all = bucket(&["a", "b/1", "b/2", "b/c/3", "d"]);
        let page = list(&all, Wanted { prefix, delimiter, after, max }, |()| true);
        assert_eq!(page.keys.iter().map(|(key, ())| *key).collect::<Vec<_>>(), keys);
        assert_eq!(
            (page.prefixes.iter().map(String::as_str).collect::<Vec<_>>(), page.next.as_deref()),
            (prefixes.to_vec(), next)
        );
    }

    proptest! {
        /// Page by page shows what one page shows, each key once.
        #[test]
        fn pages_add_up(keys in proptest::collection::vec("[a-c/]{1,5}", 0..20), prefix in "[a-c/]{0,2}", slash in any::<bool>(), max in 1usize..4) {
            let all: BTreeMap<String, ()> = keys.into_iter().map(|key| (key, ())).collect();
            let delimiter = if slash { "/" } else { "" };
            let whole = list(&all, Wanted { prefix: &prefix, delimiter, after: "", max: 1000 }, |()| true);
            let (mut keys, mut prefixes, mut after) = (vec![], vec![], String::new());
            loop {
                let page = list(&all, Wanted { prefix: &prefix, delimiter, after: &after, max }, |()| true);
                prop_assert!(page.keys.len() + page.prefixes.len() <= max);
                keys.extend(page.keys);
                prefixes.extend(page.prefixes);
                match page.next {
                    Some(next) => after = next,
                    None => break,
                }
            }
            prop_assert_eq!((keys, prefixes), (whole.keys, whole.prefixes));
        }
    }
}
