//! Lists in pages: `MaxItems` and `Marker` in, `IsTruncated` and `Marker` out.

use super::faults;
use crate::Fault;
use crate::protocol::{Checks, Form, Xml};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// One page of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    marker: Option<String>,
}

/// Cuts a page out of entries, which come in the order of their keys. A marker is the key of the last entry of the page before.
pub(super) fn page<T>(form: &Form, entries: impl IntoIterator<Item = (String, T)>) -> Result<Page<T>, Fault> {
    let mut checks = Checks::of(form);
    let most = checks.number("MaxItems", 1, 1000).unwrap_or(100);
    checks.done()?;
    let after = form.get("Marker").map(read_marker).transpose()?;
    let mut page = Page { items: Vec::new(), marker: None };
    let mut last = String::new();
    for (key, item) in entries {
        if after.as_ref().is_some_and(|after| key <= *after) {
            continue;
        }
        if page.items.len() == usize::try_from(most).unwrap_or(usize::MAX) {
            page.marker = Some(URL_SAFE_NO_PAD.encode(&last));
            break;
        }
        page.items.push(item);
        last = key;
    }
    Ok(page)
}

fn read_marker(text: &str) -> Result<String, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| faults::invalid_input("Invalid Marker."))
}

impl<T> Page<T> {
    /// Writes the list as `name`, and how it goes on.
    pub(super) fn write(self, name: &str, write: impl FnMut(&mut Xml, T)) -> Xml {
        let mut xml = Xml::default();
        let Self { items, marker } = self;
        xml.members(name, items, write);
        xml.text("IsTruncated", marker.is_some().to_string()).some("Marker", marker);
        xml
    }

    /// Writes only how the list goes on.
    pub(super) fn write_end(self) -> Xml {
        let mut xml = Xml::default();
        xml.text("IsTruncated", self.marker.is_some().to_string()).some("Marker", self.marker);
        xml
    }

    /// Writes a list of texts.
    pub(super) fn write_texts(self, name: &str) -> Xml
    where
        T: AsRef<str>,
    {
        let mut xml = Xml::default();
        let Self { items, marker } = self;
        xml.texts(name, items);
        xml.text("IsTruncated", marker.is_some().to_string()).some("Marker", marker);
        xml
    }
}
