//! The index page, which every unknown path answers, so that the application's own paths can be opened.

use std::sync::LazyLock;

use http::{StatusCode, header};
use regex::{NoExpand, Regex};

use crate::app::App;
use crate::failure::Failure;
use crate::handlers::Outcome;
use crate::incoming::COOKIE;
use crate::outgoing::{Answer, set, whole};
use crate::settings::Settings;

/// The base element; the original's goes on to the last `>` of the line.
static BASE: LazyLock<Regex> = LazyLock::new(|| expression(r#"<base href="[^"]*"[^>]*>"#));
static GREEDY_BASE: LazyLock<Regex> = LazyLock::new(|| expression(r#"<base href=".*".*>"#));

fn expression(text: &str) -> Regex {
    match Regex::new(text) {
        Ok(expression) => expression,
        Err(error) => unreachable!("{error}"),
    }
}

pub(crate) fn index(app: &App) -> Outcome {
    let settings = app.settings();
    let page = app.assets().get("index.html").ok_or_else(|| Failure::Crash("there is no index.html".to_owned()))?;
    let page = String::from_utf8_lossy(page);
    let base = format!("<base href=\"{}\">", base(&settings.prefix));
    let element = if app.flaws().base_is_greedy { &GREEDY_BASE } else { &BASE };
    let page = element.replace_all(&page, NoExpand(&base)).into_owned();
    let mut response = whole(StatusCode::OK, "text/html; charset=utf-8", page);
    let token = app.tokens().next().ok_or_else(|| Failure::Crash("there are no random bytes".to_owned()))?;
    set(&mut response, header::SET_COOKIE, &cookie(settings, &token));
    set(&mut response, header::CACHE_CONTROL, "no-cache, no-store, must-revalidate, max-age=0");
    Ok(Answer::written(response))
}

/// The prefix with slashes at both ends: `os.path.join("/", prefix, "")`.
fn base(prefix: &str) -> String {
    let mut base = if prefix.starts_with('/') { prefix.to_owned() } else { format!("/{prefix}") };
    if !base.ends_with('/') {
        base.push('/');
    }
    base
}

fn cookie(settings: &Settings, token: &str) -> String {
    let secure = if settings.secure_cookies { " Secure;" } else { "" };
    format!("{COOKIE}={token};{secure} Path={}; SameSite={}", settings.prefix, settings.same_site.as_str())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case("", "/")]
    #[case("/", "/")]
    #[case("models", "/models/")]
    #[case("/models/", "/models/")]
    fn bases_begin_and_end_with_slashes(#[case] prefix: &str, #[case] want: &str) {
        assert_eq!(super::base(prefix), want);
    }
}
