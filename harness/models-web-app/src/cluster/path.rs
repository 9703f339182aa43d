//! Paths and selectors, escaped as Python's `urllib` escapes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but letters, digits and `_.-~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~');

/// A text as one segment of a path, or as a value of a query.
pub(crate) fn escape(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A path without the segments `.` and `..`, as `urllib3` sends it (RFC 3986, 5.2.4).
pub(super) fn collapse(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => {
                if kept.len() > 1 {
                    kept.pop();
                }
            }
            segment => kept.push(segment),
        }
    }
    let mut collapsed = kept.join("/");
    if path.ends_with("/.") || path.ends_with("/..") {
        collapsed.push('/');
    }
    query.map_or(collapsed.clone(), |query| format!("{collapsed}?{query}"))
}

/// The query that finds the events of an object.
pub(crate) fn events_of(kind: &str, name: &str, as_it_is: bool) -> String {
    let name = if as_it_is { name.to_owned() } else { selector_value(name) };
    let selector = format!("involvedObject.kind={kind},involvedObject.name={name}");
    format!("fieldSelector={}", escape(&selector))
}

/// A value that a field selector takes for one value.
fn selector_value(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '\\' | ',' | '=').then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/a/b/.", "/a/b/")]
    #[case("/a/b/..?x=.", "/a/?x=.")]
    #[case("/a/../b", "/b")]
    #[case("/a/%2E", "/a/%2E")]
    #[case("/../a", "/a")]
    fn dots_are_dropped(#[case] path: &str, #[case] want: &str) {
        assert_eq!(collapse(path), want);
    }

    #[test]
    fn names_stay_one_value_of_a_selector() {
        assert!(events_of("K", "a,b=c", true).ends_with("involvedObject.name%3Da%2Cb%3Dc"));
        assert!(events_of("K", "a,b=c", false).ends_with("involvedObject.name%3Da%5C%2Cb%5C%3Dc"));
    }
}
