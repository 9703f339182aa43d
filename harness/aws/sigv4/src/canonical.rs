//! The canonical request: the text that signer and verifier must both arrive at.

use crate::encode::{respell_parameters, respell_path};
use http::{HeaderMap, Method};

/// Everything of a request that is signed.
#[derive(Debug, Clone, Copy)]
pub struct CanonicalRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as it goes over the wire.
    pub path: &'a str,
    /// The query as it goes over the wire; empty without one.
    pub query: &'a str,
    /// The headers, `host` included.
    pub headers: &'a HeaderMap,
    /// The names of the headers that are signed, in lower case and sorted.
    pub signed_headers: &'a [String],
    /// The digest of the body, or the word that stands for it.
    pub payload_hash: &'a str,
    /// `s3`, or another service: only S3 takes the path as it is.
    pub service: &'a str,
}

impl CanonicalRequest<'_> {
    /// The text, with the parameter `X-Amz-Signature` left out.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(512);
        text.push_str(self.method.as_str());
        text.push('\n');
        text.push_str(&self.path());
        text.push('\n');
        self.push_query(&mut text);
        text.push('\n');
        for name in self.signed_headers {
            text.push_str(name);
            text.push(':');
            self.push_header(name, &mut text);
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.signed_headers.join(";"));
        text.push('\n');
        text.push_str(self.payload_hash);
        text
    }

    /// S3 signs the path once encoded and as it is. Every other service resolves `.`, `..` and empty segments and encodes it twice.
    fn path(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { self.path };
        let once = respell_path(path);
        if self.service == "s3" {
            return once;
        }
        let mut segments: Vec<&str> = Vec::new();
        for segment in once.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                segment => segments.push(segment),
            }
        }
        let mut normal = format!("/{}", segments.join("/"));
        if once.ends_with('/') && normal != "/" {
            normal.push('/');
        }
        crate::encode::encode_path(&normal)
    }

    fn push_query(&self, text: &mut String) {
        let mut parameters: Vec<(String, String)> =
            respell_parameters(self.query).filter(|(name, _)| name != "X-Amz-Signature").collect();
        parameters.sort();
        for (index, (name, value)) in parameters.iter().enumerate() {
            if index > 0 {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
    }

    /// Several values are joined by commas; runs of spaces become one.
    fn push_header(&self, name: &str, text: &mut String) {
        for (index, value) in self.headers.get_all(name).iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            let value = String::from_utf8_lossy(value.as_bytes());
            for (index, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                text.push_str(word.trim_matches(['\t', '\r', '\n']));
            }
        }
    }
}
