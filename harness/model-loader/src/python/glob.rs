//! File name patterns: `fnmatch` and `glob`.

use crate::files::{FileSystem, Kind};
use regex::Regex;

/// `fnmatch.fnmatch`: `*`, `?`, `[...]`, `[!...]`; a slash is a character like any other.
pub(crate) fn fnmatch(name: &str, pattern: &str) -> bool {
    translate(pattern).is_some_and(|pattern| pattern.is_match(name))
}

fn translate(pattern: &str) -> Option<Regex> {
    let mut out = String::from(r"(?s)\A");
    let chars: Vec<char> = pattern.chars().collect();
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        i += 1;
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => match class(&chars, i) {
                Some((class, end)) => {
                    out.push_str(&class);
                    i = end;
                }
                None => out.push_str(r"\["),
            },
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push_str(r"\z");
    Regex::new(&out).ok()
}

/// The class that begins behind a bracket, and where what follows it begins.
fn class(chars: &[char], start: usize) -> Option<(String, usize)> {
    let mut end = start;
    if chars.get(end) == Some(&'!') {
        end += 1;
    }
    if chars.get(end) == Some(&']') {
        end += 1;
    }
    while *chars.get(end)? != ']' {
        end += 1;
    }
    let mut inside = chars.get(start..end)?.iter().peekable();
    let mut class = String::from("[");
    if inside.next_if(|c| **c == '!').is_some() {
        class.push('^');
    }
    for &c in inside {
        if matches!(c, '[' | ']' | '\\' | '^' | '&' | '~') {
            class.push('\\');
        }
        class.push(c);
    }
    class.push(']');
    // A range that runs backwards matches nothing.
    let class = if Regex::new(&class).is_ok() { class } else { r"[^\s\S]".to_owned() };
    Some((class, end + 1))
}

/// `glob.glob` of an absolute path: the paths that match, by name. Names that begin with a dot match only patterns that do.
pub(crate) fn glob(files: &dyn FileSystem, pattern: &str) -> Vec<String> {
    let Some((folder, name)) = pattern.rsplit_once('/') else { return Vec::new() };
    if !has_magic(pattern) {
        return files.kind(pattern).map(|_| pattern.to_owned()).into_iter().collect();
    }
    let folders = if has_magic(folder) { glob(files, folder) } else { vec![folder.to_owned()] };
    let mut found = Vec::new();
    for folder in folders {
        let path = |name: &str| format!("{folder}/{name}");
        if !has_magic(name) {
            let is_there = if name.is_empty() {
                files.kind(&folder) == Some(Kind::Directory)
            } else {
                files.kind(&path(name)).is_some()
            };
            found.extend(is_there.then(|| path(name)));
            continue;
        }
        let listed = if folder.is_empty() { files.list("/") } else { files.list(&folder) };
        for entry in listed.unwrap_or_default() {
            if (!entry.starts_with('.') || name.starts_with('.')) && fnmatch(&entry, name) {
                found.push(path(&entry));
            }
        }
    }
    found
}

fn has_magic(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_fnmatch_does() {
        for (name, pattern, matches) in [
            ("sub/a.bin", "*.bin", true),
            ("sub/a.bin", "sub/*", true),
            ("a.bin", "?.bin", true),
            ("a.bin", "[!b].bin", true),
            ("a.bin", "[!a].bin", false),
            ("a]b", "a[]]b", true),
            ("a[b", "a[b", true),
            ("a.bin", "[z-a].bin", false),
            ("a\nb", "a*b", true),
            ("A.bin", "a.bin", false),
        ] {
            assert_eq!(fnmatch(name, pattern), matches, "{name} {pattern}");
        }
    }
}
