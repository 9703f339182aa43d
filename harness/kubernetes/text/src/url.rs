//! URLs as Go's `net/url` reads them, as far as validation looks at them.

/// A URL in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Url {
    /// The scheme in lower case; empty for a reference without one.
    pub scheme: String,
    /// What stands before the `@`.
    pub user: Option<String>,
    /// Host and port.
    pub host: String,
    /// The path as written; empty for opaque URLs (`mailto:x`).
    pub path: String,
    /// What follows the `?`.
    pub query: String,
    /// What follows the `#`.
    pub fragment: String,
}

impl Url {
    /// `url.Parse`: any reference.
    ///
    /// # Errors
    /// What is wrong with it, in Go's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (body, fragment) = text.split_once('#').unwrap_or((text, ""));
        let within = |why| format!("parse {}: {why}", proofmark_status::quote(text));
        let mut url = Self::read(body, false).map_err(within)?;
        unescape(fragment).map_err(within)?;
        url.fragment = fragment.to_owned();
        Ok(url)
    }

    /// `url.ParseRequestURI`: an absolute URL or an absolute path, as in the first line of a request.
    ///
    /// # Errors
    /// What is wrong with it, in Go's words.
    pub fn parse_request(text: &str) -> Result<Self, String> {
        Self::read(text, true).map_err(|why| format!("parse {}: {why}", proofmark_status::quote(text)))
    }

    fn read(text: &str, request: bool) -> Result<Self, String> {
        if text.bytes().any(|b| b < 0x20 || b == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if text.is_empty() && request {
            return Err("empty url".to_owned());
        }
        if text == "*" {
            return Ok(Self { path: text.to_owned(), ..Self::default() });
        }
        let (scheme, rest) = split_scheme(text)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self { scheme: scheme.to_lowercase(), query: query.to_owned(), ..Self::default() };
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                return Ok(url);
            }
            if request {
                return Err("invalid URI for request".to_owned());
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let has_authority = rest.starts_with("//") && (!scheme.is_empty() || (!request && !rest.starts_with("///")));
        let path = if has_authority {
            let authority = &rest[2..];
            let end = authority.find('/').unwrap_or(authority.len());
            url.read_authority(&authority[..end])?;
            &authority[end..]
        } else {
            rest
        };
        unescape(path)?;
        url.path = path.to_owned();
        Ok(url)
    }

    fn read_authority(&mut self, authority: &str) -> Result<(), String> {
        let host = match authority.rsplit_once('@') {
            None => authority,
            Some((user, host)) => {
                if !user.chars().all(|c| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c)) {
                    return Err("net/url: invalid userinfo".to_owned());
                }
                unescape(user)?;
                self.user = Some(user.to_owned());
                host
            }
        };
        if host.starts_with('[') {
            let Some(end) = host.rfind(']') else {
                return Err("missing ']' in host".to_owned());
            };
            check_port(&host[end + 1..])?;
        } else if let Some(colon) = host.rfind(':') {
            check_port(&host[colon..])?;
        }
        for c in host.chars() {
            let plain = c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c) || !c.is_ascii();
            if !plain {
                return Err(format!("invalid character {} in host name", proofmark_status::quote(&c.to_string())));
            }
        }
        unescape(host)?;
        self.host = host.to_owned();
        Ok(())
    }
}

fn check_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':');
    if port.is_empty() || digits.is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit())) {
        Ok(())
    } else {
        Err(format!("invalid port {} after host", proofmark_status::quote(port)))
    }
}

/// The scheme before the first colon, if what precedes it can be one.
fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (i, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if i > 0 => {}
            ':' if i > 0 => return Ok((&text[..i], &text[i + 1..])),
            ':' => return Err("missing protocol scheme".to_owned()),
            _ => break,
        }
    }
    Ok(("", text))
}

/// Every `%` begins two hexadecimal digits.
fn unescape(text: &str) -> Result<(), String> {
    for (i, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(i + 1..i + 3);
        if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
            let shown: String = text[i..].chars().take(3).collect();
            return Err(format!("invalid URL escape {}", proofmark_status::quote(&shown)));
        }
    }
    Ok(())
}
