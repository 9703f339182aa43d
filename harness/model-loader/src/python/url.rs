//! `urllib.parse.urlsplit` and the parts of `os.path` that storage URIs go through.

/// The parts of a URL, as `urlsplit` cuts it. Nothing is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitUrl {
    /// In lower case; empty without one.
    pub(crate) scheme: String,
    /// User, password, host and port.
    pub(crate) netloc: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) fragment: String,
}

/// Cuts a URL into its parts. Never fails: what is no URL is a path.
pub(crate) fn urlsplit(url: &str) -> SplitUrl {
    let url = url.trim_start_matches(|c: char| c as u32 <= 0x20).replace(['\t', '\n', '\r'], "");
    let mut rest = url.as_str();
    let mut scheme = String::new();
    if let Some((before, after)) = rest.split_once(':') {
        let mut chars = before.chars();
        let begins = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
        if begins && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')) {
            scheme = before.to_ascii_lowercase();
            rest = after;
        }
    }
    let mut netloc = "";
    if let Some(after) = rest.strip_prefix("//") {
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        (netloc, rest) = after.split_at(end);
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    SplitUrl {
        scheme,
        netloc: netloc.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        fragment: fragment.to_owned(),
    }
}

impl SplitUrl {
    /// Host and port without user and password.
    fn host_and_port(&self) -> &str {
        self.netloc.rsplit_once('@').map_or(self.netloc.as_str(), |(_, host)| host)
    }

    /// User and password.
    pub(crate) fn user(&self) -> Option<(&str, &str)> {
        let (user, _) = self.netloc.rsplit_once('@')?;
        Some(user.split_once(':').unwrap_or((user, "")))
    }

    /// The host in lower case and without brackets.
    pub(crate) fn hostname(&self) -> Option<String> {
        let host = self.host_and_port();
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
            None => host.split_once(':').map_or(host, |(host, _)| host),
        };
        (!host.is_empty()).then(|| host.to_lowercase())
    }

    /// The port as text, if there is one.
    pub(crate) fn port_text(&self) -> Option<&str> {
        let host = self.host_and_port();
        let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
        after.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.is_empty())
    }
}

/// `os.path.basename`
pub(crate) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `os.path.dirname`
pub(crate) fn dirname(path: &str) -> &str {
    match path.rfind('/') {
        None => "",
        Some(at) => {
            let head = path.get(..=at).unwrap_or_default();
            let trimmed = head.trim_end_matches('/');
            if trimmed.is_empty() { head } else { trimmed }
        }
    }
}

/// `os.path.join` of two paths.
pub(crate) fn join(folder: &str, path: &str) -> String {
    match folder {
        _ if path.starts_with('/') => path.to_owned(),
        "" => path.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{path}"),
        folder => format!("{folder}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls_are_cut_as_python_does() {
        let url = urlsplit("s3://b//m?x=1#f");
        assert_eq!((url.netloc.as_str(), url.path.as_str(), url.query.as_str()), ("b", "//m", "x=1"));
        let url = urlsplit("HTTP://user:pw@LocalHost:80/a");
        assert_eq!(
            (url.scheme.as_str(), url.hostname().as_deref(), url.port_text()),
            ("http", Some("localhost"), Some("80"))
        );
        assert_eq!(url.user(), Some(("user", "pw")));
        assert_eq!(urlsplit("127.0.0.1:80").hostname(), None);
        assert_eq!(urlsplit("https://https://x").hostname().as_deref(), Some("https"));
        assert_eq!(urlsplit("http://[::1]:9/").hostname().as_deref(), Some("::1"));
    }

    #[test]
    fn paths_are_cut_as_python_does() {
        for (path, folder, name) in
            [("/a/b", "/a", "b"), ("/a", "/", "a"), ("a", "", "a"), ("/a//b", "/a", "b"), ("/a/", "/a", "")]
        {
            assert_eq!((dirname(path), basename(path)), (folder, name), "{path}");
        }
    }

    proptest! {
        /// Whatever stands in front of the first `?` or `#` is found again in the parts.
        #[test]
        fn nothing_gets_lost(bucket in "[a-z0-9.-]{1,10}", path in "(/[^?#\\s]{0,8}){0,4}", rest in "([?#][^\\s]{0,6})?") {
            let url = urlsplit(&format!("s3://{bucket}{path}{rest}"));
            prop_assert_eq!(url.netloc, bucket);
            prop_assert_eq!(url.path, path);
        }

        #[test]
        fn any_text_can_be_cut(text in ".*") {
            let url = urlsplit(&text);
            let _ = (url.hostname(), url.port_text(), url.user());
        }
    }
}
