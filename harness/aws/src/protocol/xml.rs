//! Answers in XML, written element by element.

use quick_xml::escape::escape;

/// A document in the making.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// An element with text in it.
    pub(crate) fn text(&mut self, name: &str, text: impl AsRef<str>) -> &mut Self {
        self.raw(name, &escape(text.as_ref()))
    }

    /// [`Xml::text`] when there is one.
    pub(crate) fn some(&mut self, name: &str, text: Option<impl AsRef<str>>) -> &mut Self {
        if let Some(text) = text {
            self.text(name, text);
        }
        self
    }

    /// An element with elements in it.
    pub(crate) fn element(&mut self, name: &str, write: impl FnOnce(&mut Xml)) -> &mut Self {
        let mut inner = Self::default();
        write(&mut inner);
        self.raw(name, &inner.0)
    }

    /// A list, each entry of which is an element `member`.
    pub(crate) fn members<T>(
        &mut self,
        name: &str,
        of: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Xml, T),
    ) -> &mut Self {
        self.element(name, |xml| {
            for entry in of {
                xml.element("member", |xml| write(xml, entry));
            }
        })
    }

    /// A list of texts.
    pub(crate) fn texts<T: AsRef<str>>(&mut self, name: &str, of: impl IntoIterator<Item = T>) -> &mut Self {
        self.element(name, |xml| {
            for text in of {
                xml.text("member", text);
            }
        })
    }

    /// What has been written.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    fn raw(&mut self, name: &str, inner: &str) -> &mut Self {
        for part in ["<", name, ">", inner, "</", name, ">"] {
            self.0.push_str(part);
        }
        self
    }
}
