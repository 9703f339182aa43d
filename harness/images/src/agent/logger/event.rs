//! CloudEvents in the binary mode of HTTP: attributes are headers, data is the body.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use proofmark_json::{Map, Value};
use proofmark_text::go_json;

/// What is sent.
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) time: String,
    /// The other attributes, without `ce-`.
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) data: Bytes,
}

impl Event {
    /// Its headers.
    ///
    /// # Errors
    /// The name of an attribute that cannot be sent.
    pub(super) fn headers(&self) -> Result<HeaderMap, String> {
        let own = [("specversion", "1.0"), ("id", &self.id), ("type", self.kind), ("time", &self.time)];
        let more = self.attributes.iter().map(|(name, value)| (*name, value.as_str()));
        let mut headers = HeaderMap::new();
        for (name, value) in own.into_iter().chain(more) {
            let name = HeaderName::try_from(format!("ce-{name}")).map_err(|_| name.to_owned())?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| canonical(&name))?;
            headers.insert(name, value);
        }
        headers.extend(self.content_type.clone().map(|kind| (header::CONTENT_TYPE, kind)));
        Ok(headers)
    }
}

/// An object as Go writes a map.
pub(super) fn object(members: impl IntoIterator<Item = (String, Value)>) -> String {
    let sorted: BTreeMap<String, Value> = members.into_iter().collect();
    go_json::write(&Value::Object(sorted.into_iter().collect::<Map>()))
}

/// The name of a header as Go writes it: `X-Request-Id`.
pub(super) fn canonical(name: &HeaderName) -> String {
    let mut up = true;
    let letter = |letter: char| {
        let shown = if up { letter.to_ascii_uppercase() } else { letter };
        up = letter == '-';
        shown
    };
    name.as_str().chars().map(letter).collect()
}
