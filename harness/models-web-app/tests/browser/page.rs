//! A headless Chromium, driven by chromedriver, and what is done with a page in it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client as Browser, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use proofmark_json::{Value, json};
use tokio::net::TcpListener;

/// What is done with a page. Whatever is waited for is given half a minute.
pub(crate) struct Page(pub(crate) Browser);

impl Page {
    pub(crate) async fn open(&self, url: &str) {
        // The address may differ in its fragment alone, which loads nothing.
        self.0.goto("about:blank").await.expect("blank");
        self.0.goto(url).await.expect("loaded");
    }

    pub(crate) async fn element(&self, css: &str) -> fantoccini::elements::Element {
        let found = self.0.wait().at_most(Duration::from_secs(30)).for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    pub(crate) async fn click(&self, css: &str) {
        self.element(css).await.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    pub(crate) async fn press(&self, css: &str, key: &str) {
        self.element(css).await.send_keys(key).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let area = self.element(css).await;
        area.clear().await.expect("cleared");
        area.send_keys(text).await.expect("typed");
    }

    /// What a script comes to.
    pub(crate) async fn asks(&self, script: &str) -> Value {
        self.0.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}")).into()
    }

    /// Keeps a picture of the page where the documentation has them, if that is asked for.
    #[expect(clippy::disallowed_methods, reason = "whoever writes the documentation asks by an environment variable")]
    pub(crate) async fn shot(&self, name: &str) {
        let Ok(folder) = std::env::var("PROOFMARK_SCREENSHOTS") else { return };
        let picture = self.0.screenshot().await.expect("a picture");
        std::fs::write(PathBuf::from(folder).join(name).with_extension("png"), picture).expect("written");
    }

    pub(crate) async fn sees(&self, css: &str, words: &str) {
        let mut seen = String::new();
        for _ in 0..300 {
            for element in self.0.find_all(Locator::Css(css)).await.expect("a selector") {
                // Pages are drawn anew: an element can be gone meanwhile.
                seen = element.text().await.unwrap_or_default();
                if seen.contains(words) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{css} shows {seen:?}, not {words:?}");
    }
}

/// chromedriver, which ends with this.
pub(crate) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    #[expect(clippy::disallowed_methods, reason = "CI is known by an environment variable")]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) async fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").await.ok()?.local_addr().ok()?.port();
        let mut command = Command::new("chromedriver");
        let command = command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            assert!(std::env::var("CI").is_err(), "no chromedriver");
            eprintln!("skipped: no chromedriver");
            return None;
        };
        Some(Self { process, port })
    }

    pub(crate) async fn page(&self, colours: Colours) -> Page {
        let scheme = match colours {
            Colours::Dark => "--blink-settings=preferredColorScheme=0",
            Colours::Light => "--blink-settings=preferredColorScheme=1",
        };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1000,620",
            scheme,
        ];
        let capabilities = json!({"goog:chromeOptions": {"args": arguments}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(proofmark_json::from_value(capabilities).expect("capabilities"));
        let url = format!("http://127.0.0.1:{}", self.port);
        for _ in 0..100 {
            if let Ok(browser) = builder.connect(&url).await {
                return Page(browser);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("chromedriver starts no browser");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Which colours a reader prefers.
#[derive(Clone, Copy)]
pub(crate) enum Colours {
    Light,
    Dark,
}
