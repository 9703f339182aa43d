//! Requests: who asks, the token against forged requests, and the body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, header, request};

use crate::failure::Failure;
use crate::python::{self, Json, Mistake};
use crate::route::Names;
use crate::settings::Settings;
use crate::yaml;

/// The cookie, and the header that repeats it.
pub(crate) const COOKIE: &str = "XSRF-TOKEN";
const HEADER: &str = "X-XSRF-TOKEN";

/// A request that a route answers.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) head: request::Parts,
    pub(crate) body: Bytes,
    pub(crate) user: Option<String>,
    pub(crate) names: Names,
}

impl Incoming {
    /// A variable part of the path.
    pub(crate) fn name(&self, name: &str) -> &str {
        self.names.get(name)
    }

    pub(crate) fn namespace(&self) -> &str {
        self.names.get("namespace")
    }

    /// Every value of a parameter.
    pub(crate) fn parameters(&self, name: &str) -> Vec<String> {
        let query = self.head.uri.query().unwrap_or_default().as_bytes();
        form_urlencoded::parse(query).filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }

    /// The body, which must be JSON and be called so; YAML does, too, where that is not told from the original's flaws.
    pub(crate) fn json(&self, settings: &Settings) -> Result<Json, Failure> {
        let bad = |words: String| Failure::refused(StatusCode::BAD_REQUEST, words);
        let kind = joined(&self.head.headers, header::CONTENT_TYPE).unwrap_or_default();
        let exact = settings.release.behaviour().flaws.exact_content_type;
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !exact && yaml::TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
            return yaml::read(&self.body).map_err(bad);
        }
        if kind != "application/json" && (exact || !essence.eq_ignore_ascii_case("application/json")) {
            return Err(bad("Request is not in JSON format.".to_owned()));
        }
        python::decode(&self.body).and_then(|text| python::loads(&text)).map_err(|mistake| match mistake {
            Mistake::Depth if settings.release.behaviour().flaws.odd_bodies_crash => {
                Failure::Crash(mistake.to_string())
            }
            mistake if settings.development || !exact => bad(format!("Failed to decode JSON object: {mistake}")),
            _ => bad("The browser (or proxy) sent a request that this server could not understand.".to_owned()),
        })
    }
}

/// Whom a header names, without the prefix.
pub(crate) fn user(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    let flaws = &settings.release.behaviour().flaws;
    let name = HeaderName::from_bytes(settings.user_header.as_bytes()).ok()?;
    let value = joined(headers, name)?;
    let prefix = settings.user_prefix.as_str();
    let user = match value.strip_prefix(prefix) {
        _ if flaws.prefix_anywhere => value.replace(prefix, ""),
        Some(user) => user.to_owned(),
        None => value,
    };
    Some(user).filter(|user| flaws.empty_is_something || !user.is_empty())
}

/// The values of a header, joined as WSGI joins them; bytes above 127 are Latin-1.
fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let latin = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>().trim().to_owned();
    let values: Vec<String> = headers.get_all(name).iter().map(|value| latin(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Requests that change something must repeat the cookie's token in a header, which pages of other sites cannot.
pub(crate) fn check_token(method: &Method, headers: &HeaderMap, empty_passes: bool) -> Result<(), Failure> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return Ok(());
    }
    let refused = |words: String| Err(Failure::refused(StatusCode::FORBIDDEN, words));
    let Some(cookie) = cookie(headers, COOKIE) else {
        return refused(format!("Could not find CSRF cookie {COOKIE} in the request."));
    };
    let Some(token) = joined(headers, HeaderName::from_static("x-xsrf-token")) else {
        return refused(format!("Could not detect CSRF protection header {HEADER}."));
    };
    if cookie != token || (cookie.is_empty() && !empty_passes) {
        return refused(format!("CSRF check failed. Token in cookie {COOKIE} doesn't match token in header {HEADER}."));
    }
    Ok(())
}

/// The first cookie of a name.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = joined(headers, header::COOKIE)?;
    let found = cookies.split(';').filter_map(|cookie| cookie.split_once('=')).find(|(key, _)| key.trim() == name);
    found.map(|(_, value)| unquoted(value.trim()))
}

/// A quoted value without its quotes: a backslash stands before a character, or before three octal digits of a byte.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let octal = rest.as_str().get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal {
            Some(byte) => {
                text.push(char::from(byte));
                rest = rest.as_str().get(3..).unwrap_or_default().chars();
            }
            None => text.extend(rest.next()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::Release;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(key, value)| (HeaderName::from_static(key), http::HeaderValue::from_static(value))).collect()
    }

    #[rstest]
    #[case(Release::V1_0_1, ":a:b", Some("ab"))]
    #[case(Release::V1_0_1, ":", Some(""))]
    #[case(Release::Proofmark, ":a:b", Some("a:b"))]
    #[case(Release::Proofmark, ":", None)]
    fn prefixes_are_taken_off(#[case] release: Release, #[case] sent: &'static str, #[case] user: Option<&str>) {
        let settings = Settings { user_prefix: ":".to_owned(), ..Settings::of(release) };
        assert_eq!(super::user(&headers(&[("kubeflow-userid", sent)]), &settings).as_deref(), user);
    }

    #[rstest]
    #[case("XSRF-TOKEN=a", "a", true)]
    #[case("x=1; XSRF-TOKEN=\"a b\\054\"", "a b,", true)]
    #[case("XSRF-TOKEN=a; XSRF-TOKEN=b", "b", false)]
    #[case("xsrf-token=a", "a", false)]
    fn the_first_cookie_counts(#[case] cookie: &'static str, #[case] token: &'static str, #[case] passes: bool) {
        let sent = headers(&[("cookie", cookie), ("x-xsrf-token", token)]);
        assert_eq!(check_token(&Method::POST, &sent, true).is_ok(), passes);
        assert!(check_token(&Method::GET, &HeaderMap::new(), true).is_ok());
    }

    #[test]
    fn empty_tokens_pass_where_they_always_did() {
        let sent = headers(&[("cookie", "XSRF-TOKEN="), ("x-xsrf-token", "")]);
        assert!(check_token(&Method::POST, &sent, true).is_ok());
        assert!(check_token(&Method::POST, &sent, false).is_err());
    }
}
