//! The fields of a form, up to its file.

use super::super::error;
use super::missing_field;
use crate::{Body, Fault};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use multer::{Field, Multipart, parse_boundary};

/// As much as the fields before the file may take, in bytes.
const LIMIT: usize = 20 * 1024;

/// A form whose file has not been read yet. What stands behind the file does not count.
pub(super) struct Form {
    /// Names in lower case, in their order.
    fields: Vec<(String, String)>,
    pub(super) file: Field<'static>,
}

impl Form {
    /// Reads up to the file.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Fault> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = parse_boundary(kind).map_err(|_| malformed())?;
        let mut parts = Multipart::new(body.into_data_stream(), boundary);
        let (mut fields, mut length) = (vec![], 0);
        while let Some(mut part) = parts.next_field().await.map_err(|_| malformed())? {
            let name = part.name().ok_or_else(malformed)?.to_ascii_lowercase();
            if name == "file" {
                return Ok(Self { fields, file: part });
            }
            let mut value = vec![];
            while let Some(chunk) = part.chunk().await.map_err(|_| malformed())? {
                length += chunk.len();
                if length > LIMIT {
                    let message = "Your POST request fields preceding the upload file were too large.";
                    return Err(Fault::new(400, "MaxPostPreDataLengthExceeded", message)
                        .with("MaxPostPreDataLength", LIMIT.to_string()));
                }
                value.extend_from_slice(&chunk);
            }
            fields.push((name, String::from_utf8(value).map_err(|_| malformed())?));
        }
        Err(error::invalid_argument("POST requires exactly one file upload per request.", "file", "0"))
    }

    /// A field by its name in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names in lower case, and values.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The key, with the file's own name where the form leaves it to the browser.
    pub(super) fn complete_key(&mut self) -> Result<String, Fault> {
        let file = self.file.file_name().unwrap_or_default();
        // Some browsers send a path.
        let file = file.rsplit(['/', '\\']).next().unwrap_or_default();
        let key = self.fields.iter_mut().find(|(name, _)| name == "key").ok_or_else(|| missing_field("key"))?;
        key.1 = key.1.replace("${filename}", file);
        if key.1.is_empty() {
            return Err(error::invalid_argument("User key must have a length greater than 0.", "key", ""));
        }
        Ok(key.1.clone())
    }
}

fn malformed() -> Fault {
    let message = "The body of your POST request is not well-formed multipart/form-data.";
    Fault::new(400, "MalformedPOSTRequest", message)
}
