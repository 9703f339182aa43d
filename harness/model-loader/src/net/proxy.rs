//! Proxies of the environment, as `urllib.request` finds them.

use super::Url;
use crate::environment::Environment;

/// The proxies that an environment names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    /// `no_proxy`, part by part; `*` is everything.
    without: Vec<String>,
}

impl Proxies {
    /// Reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`; lower case wins.
    pub(crate) fn of(environment: &Environment) -> Self {
        let read = |name: &str| {
            environment.get(name).or_else(|| environment.get(&name.to_uppercase())).filter(|value| !value.is_empty())
        };
        let proxy = |name: &str| {
            let value = read(name).or_else(|| read("all_proxy"))?;
            Url::parse(value).or_else(|| Url::parse(&format!("http://{value}")))
        };
        let without = read("no_proxy").unwrap_or_default();
        Self {
            http: proxy("http_proxy"),
            https: proxy("https_proxy"),
            without: without
                .split(',')
                .map(|part| part.trim().trim_start_matches('.').to_lowercase())
                .filter(|part| !part.is_empty())
                .collect(),
        }
    }

    /// The proxy for a URL, if it goes through one.
    pub(crate) fn choose(&self, url: &Url) -> Option<Url> {
        let host = url.host.to_lowercase();
        let with_port = format!("{host}:{}", url.port_or_default());
        let bypassed = self.without.iter().any(|part| {
            part == "*"
                || [&host, &with_port].into_iter().any(|name| name == part || name.ends_with(&format!(".{part}")))
        });
        if bypassed {
            return None;
        }
        if url.https { self.https.clone() } else { self.http.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_proxy_match_by_their_end() {
        let environment = Environment::from_iter([
            ("HTTP_PROXY".to_owned(), "proxy:3128".to_owned()),
            ("no_proxy".to_owned(), "example.com, .svc,localhost:8080".to_owned()),
        ]);
        let proxies = Proxies::of(&environment);
        for (url, proxied) in [
            ("http://a.org/", true),
            ("https://a.org/", false),
            ("http://example.com/", false),
            ("http://s3.example.com/", false),
            ("http://badexample.com/", true),
            ("http://minio.ns.svc:9000/", false),
            ("http://localhost:8080/", false),
            ("http://localhost:8081/", true),
        ] {
            assert_eq!(proxies.choose(&Url::parse(url).unwrap()).is_some(), proxied, "{url}");
        }
    }
}
