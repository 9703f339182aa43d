//! How the browser is answered: with nothing, with XML, or by being sent elsewhere.

use super::super::answer::Context;
use super::fields::Form;
use crate::protocol::Xml;
use crate::{Body, full};
use form_urlencoded::Serializer;
use http::{HeaderValue, Response, StatusCode, Uri, header};

/// What the form says about its answer.
pub(in crate::s3) struct Reply {
    /// Where the browser goes from here.
    redirect: Option<String>,
    status: StatusCode,
    bucket: String,
    key: String,
}

impl Reply {
    pub(super) fn of(form: &Form, bucket: &str, key: &str) -> Self {
        let redirect = form.get("success_action_redirect").or_else(|| form.get("redirect"));
        // What is no address is as if nothing were said.
        let redirect = redirect.filter(|url| url.parse::<Uri>().is_ok_and(|url| url.scheme().is_some()));
        let status = match form.get("success_action_status") {
            Some("200") => StatusCode::OK,
            Some("201") => StatusCode::CREATED,
            _ => StatusCode::NO_CONTENT,
        };
        Self { redirect: redirect.map(str::to_owned), status, bucket: bucket.to_owned(), key: key.to_owned() }
    }

    /// Turns the answer to the PUT into the form's; refusals stay.
    pub(in crate::s3) fn answer(self, context: &Context, mut response: Response<Body>) -> Response<Body> {
        if !response.status().is_success() {
            return response;
        }
        let etag = response.headers().get(header::ETAG).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let etag = etag.to_owned();
        let location = context.object_url(&self.bucket, &self.key);
        let (status, location, body) = match self.redirect {
            Some(url) => {
                let pairs = [("bucket", &self.bucket), ("key", &self.key), ("etag", &etag)];
                let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
                let join = if url.contains('?') { '&' } else { '?' };
                (StatusCode::SEE_OTHER, format!("{url}{join}{query}"), String::new())
            }
            None if self.status == StatusCode::CREATED => {
                let mut xml = Xml::default();
                xml.element("PostResponse", |xml| {
                    xml.text("Location", &location).text("Bucket", &self.bucket).text("Key", &self.key);
                    xml.text("ETag", &etag);
                });
                let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", xml.into_text());
                (self.status, location, text)
            }
            None => (self.status, location, String::new()),
        };
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        if let Ok(location) = HeaderValue::from_str(&location) {
            headers.insert(header::LOCATION, location);
        }
        if !body.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        }
        *response.status_mut() = status;
        response.map(|_| full(body))
    }
}
