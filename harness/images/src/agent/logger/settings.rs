//! What a logger is told by the agent's arguments.

use proofmark_json::{Value, json};
use proofmark_model_loader::Release;

use super::event::object;
use crate::arguments::option;

/// What is sent, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Settings {
    pub(super) url: String,
    pub(super) requests: bool,
    pub(super) responses: bool,
    pub(super) workers: usize,
    /// The attributes that all events have, without `ce-`.
    pub(super) attributes: Vec<(&'static str, String)>,
    /// Names of headers that are passed on, as Go writes them.
    pub(super) headers: Vec<String>,
    pub(super) authority: String,
    pub(super) trusting: bool,
}

impl Settings {
    /// Nothing where no logger is asked for. `port` is the agent's own.
    ///
    /// # Errors
    /// What an argument lacks.
    pub(in super::super) fn read(args: &[String], port: u16, release: Release) -> Result<Option<Self>, String> {
        let text = |name: &str| option(args, name).unwrap_or_default();
        let url = text("log-url");
        if url.is_empty() {
            return Ok(None);
        }
        let mode = option(args, "log-mode").unwrap_or_else(|| "all".to_owned());
        let (requests, responses) = match mode.as_str() {
            "all" => (true, true),
            "request" => (true, false),
            "response" => (false, true),
            other => return Err(format!("Malformed log-mode {other}")),
        };
        let workers = option(args, "workers").map_or(Ok(5), |text| {
            text.parse().map_err(|_| format!("invalid argument \"{text}\" for \"--workers\" flag"))
        })?;
        let source = Some(text("source-uri")).filter(|source| !source.is_empty());
        let mut attributes = vec![
            ("source", source.unwrap_or_else(|| format!("http://localhost:{port}/"))),
            ("inferenceservicename", text("inference-service")),
            ("namespace", text("namespace")),
            ("component", text("component")),
            ("endpoint", text("endpoint")),
        ];
        if release >= Release::V0_15
            && let Some(annotations) = annotations(&text("metadata-annotations"))?
        {
            attributes.push(("annotations", annotations));
        }
        let headers = option(args, "metadata-headers").unwrap_or_default();
        // v0.14 takes one name at a time.
        let headers = match release {
            Release::V0_14 => vec![headers],
            _ => headers.split(',').map(str::to_owned).collect(),
        };
        Ok(Some(Self {
            url,
            requests,
            responses,
            workers,
            attributes,
            headers,
            authority: option(args, "logger-ca-cert-file").unwrap_or_else(|| "service-ca.crt".to_owned()),
            trusting: option(args, "logger-tls-skip-verify").as_deref() == Some("true"),
        }))
    }
}

/// `a=b,c=d` as an object, if there is anything.
fn annotations(text: &str) -> Result<Option<String>, String> {
    let mut pairs: Vec<(String, Value)> = Vec::new();
    for pair in text.split(',').filter(|_| !text.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(format!("annotation does not adhere to desired format got key: {pair} value: "));
        };
        pairs.push((key.to_owned(), json!(value)));
    }
    Ok((!pairs.is_empty()).then(|| object(pairs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str], release: Release) -> Result<Option<Settings>, String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        Settings::read(&args, 9081, release)
    }

    #[rstest::rstest]
    #[case(&["--log-url", "http://x", "--log-mode", "other"], "Malformed log-mode other")]
    #[case(&["--log-url", "http://x", "--workers", "many"], "invalid argument \"many\" for \"--workers\" flag")]
    #[case(
        &["--log-url", "http://x", "--metadata-annotations", "a=b,c"],
        "annotation does not adhere to desired format got key: c value: "
    )]
    fn arguments_that_make_no_logger_are_told(#[case] args: &[&str], #[case] words: &str) {
        assert_eq!(read(args, Release::V0_15), Err(words.to_owned()));
    }

    #[test]
    fn nothing_is_logged_without_a_url() {
        assert_eq!(read(&["--log-url", "", "--log-mode", "other"], Release::V0_15), Ok(None));
    }

    #[test]
    fn annotations_are_an_object_since_they_are_passed_on() {
        let args = ["--log-url", "http://x", "--metadata-annotations", "b=2<,a=1"];
        let of = |release| {
            let settings = read(&args, release).unwrap().unwrap();
            settings.attributes.into_iter().find(|(name, _)| *name == "annotations").map(|(_, value)| value)
        };
        assert_eq!(of(Release::V0_15).as_deref(), Some(r#"{"a":"1","b":"2\u003c"}"#));
        assert_eq!(of(Release::V0_14), None);
    }
}
