//! Answers of S3 and STS, and the errors in them.

use super::client::Service;
use crate::exception::{Exception, Link, Result, ServiceError};
use crate::python;
use percent_encoding::percent_decode_str;

/// The error in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: ServiceError,
    /// The region that the error names.
    pub(crate) region: Option<String>,
}

impl Failure {
    /// The code, empty when there is none.
    pub(crate) fn code(&self) -> &str {
        self.error.code.as_deref().unwrap_or_default()
    }

    fn of(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { error: ServiceError { code: Some(code.into()), message: Some(message.into()) }, region: None }
    }

    /// What a status alone says.
    fn of_status(status: u16) -> Self {
        Self::of(status.to_string(), python::reason(status))
    }
}

/// Reads the error in an answer with a status of 301 or more.
///
/// # Errors
/// Answers of STS that are no XML.
pub(crate) fn failure(service: Service, status: u16, body: &[u8]) -> Result<Failure> {
    let trimmed = body.trim_ascii();
    if status >= 500 && (trimmed.is_empty() || trimmed.starts_with(b"<html>")) {
        return Ok(Failure::of_status(status));
    }
    match service {
        Service::S3 if body.is_empty() => Ok(Failure::of_status(status)),
        Service::S3 => Ok(s3_failure(body).unwrap_or_else(|| Failure::of_status(status))),
        Service::Sts => sts_failure(body),
    }
}

fn s3_failure(body: &[u8]) -> Option<Failure> {
    let text = std::str::from_utf8(body).ok()?;
    let document = roxmltree::Document::parse(text).ok()?;
    let root = document.root_element();
    if !is_error(root) {
        return Some(Failure::of("", ""));
    }
    let region = child(root, "Region").filter(|region| !region.is_empty());
    let text = |name| child(root, name).map(or_none);
    Some(Failure { error: ServiceError { code: text("Code"), message: text("Message") }, region })
}

/// An error is only seen where it has no namespace.
fn is_error(root: roxmltree::Node<'_, '_>) -> bool {
    root.tag_name().name() == "Error" && root.tag_name().namespace().is_none()
}

/// An empty element is `None` to Python, and is printed so.
fn or_none(text: String) -> String {
    if text.is_empty() { "None".to_owned() } else { text }
}

fn sts_failure(body: &[u8]) -> Result<Failure> {
    let text = String::from_utf8_lossy(body);
    let document = roxmltree::Document::parse(&text).map_err(|error| unreadable(&text, &error))?;
    let root = document.root_element();
    let element = |parent: roxmltree::Node<'_, '_>, name: &str| {
        parent.children().find(|node| node.has_tag_name_anywhere(name)).map(|node| node.id())
    };
    let error = element(root, "Error").or_else(|| {
        let errors = document.get_node(element(root, "Errors")?)?;
        element(errors, "Error")
    });
    let error = error.and_then(|id| document.get_node(id));
    Ok(Failure {
        error: ServiceError {
            code: error.and_then(|error| child(error, "Code")).map(or_none),
            message: error.and_then(|error| child(error, "Message")).map(or_none),
        },
        region: None,
    })
}

/// Compares local names: S3-compatible servers differ in their namespaces.
trait LocalName {
    fn has_tag_name_anywhere(&self, name: &str) -> bool;
}

impl LocalName for roxmltree::Node<'_, '_> {
    fn has_tag_name_anywhere(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn child(parent: roxmltree::Node<'_, '_>, name: &str) -> Option<String> {
    let node = parent.children().find(|node| node.has_tag_name_anywhere(name))?;
    Some(node.text().unwrap_or_default().to_owned())
}

/// Whether an answer with status 200 is an error after all: no XML, or an `Error`.
pub(crate) fn hides_error(body: &[u8]) -> bool {
    if body.is_empty() {
        return false;
    }
    let Ok(text) = std::str::from_utf8(body) else { return true };
    roxmltree::Document::parse(text).map_or(true, |document| is_error(document.root_element()))
}

fn unreadable(text: &str, error: &roxmltree::Error) -> Exception {
    let trimmed = text.trim_start();
    let what = match error {
        _ if !trimmed.is_empty() && !trimmed.starts_with('<') => "syntax error",
        roxmltree::Error::NoRootNode | roxmltree::Error::UnclosedRootNode | roxmltree::Error::UnexpectedEndOfStream => {
            "no element found"
        }
        roxmltree::Error::UnexpectedCloseTag(..) => "mismatched tag",
        _ => "not well-formed (invalid token)",
    };
    let at = error.pos();
    let (line, column) = if what == "syntax error" {
        (1, text.len() - trimmed.len())
    } else {
        (at.row as usize, (at.col as usize).saturating_sub(1))
    };
    let reason = format!("{what}: line {line}, column {column}");
    let message = format!(
        "Unable to parse response ({reason}), invalid XML received. Further retries may succeed:\n{}",
        python::repr_bytes(text.as_bytes())
    );
    Exception::new("botocore.parsers.ResponseParserError", message)
        .because(Link::Context, Exception::new("xml.etree.ElementTree.ParseError", reason))
}

/// An object, as a listing has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    /// Bytes.
    pub(crate) size: u64,
    /// With its quotes.
    pub(crate) tag: Option<String>,
}

/// One page of a bucket's objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Listing {
    /// In the server's order.
    pub(crate) objects: Vec<Listed>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

impl Listing {
    /// Reads the answer to `ListObjects`. What is XML but no listing is an empty one.
    pub(crate) fn parse(body: &[u8]) -> Result<Self> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let text = String::from_utf8_lossy(body);
        let document = roxmltree::Document::parse(&text).map_err(|error| unreadable(&text, &error))?;
        let root = document.root_element();
        let encoded = child(root, "EncodingType").as_deref() == Some("url");
        let decode = |text: String| match encoded {
            true => percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned(),
            false => text,
        };
        let mut objects = Vec::new();
        for contents in root.children().filter(|node| node.has_tag_name_anywhere("Contents")) {
            let Some(key) = child(contents, "Key") else { continue };
            let size = child(contents, "Size").and_then(|size| size.trim().parse().ok()).unwrap_or_default();
            objects.push(Listed { key: decode(key), size, tag: child(contents, "ETag") });
        }
        let truncated = child(root, "IsTruncated").is_some_and(|text| text == "true");
        let next = truncated
            .then(|| {
                child(root, "NextMarker")
                    .filter(|marker| !marker.is_empty())
                    .map(decode)
                    .or_else(|| objects.last().map(|object| object.key.clone()))
            })
            .flatten();
        Ok(Self { objects, next })
    }
}

/// Errors that botocore has a class for.
const CLASSES: [(Service, &str, &str); 16] = [
    (Service::S3, "BucketAlreadyExists", "botocore.errorfactory.BucketAlreadyExists"),
    (Service::S3, "BucketAlreadyOwnedByYou", "botocore.errorfactory.BucketAlreadyOwnedByYou"),
    (Service::S3, "InvalidObjectState", "botocore.errorfactory.InvalidObjectState"),
    (Service::S3, "NoSuchBucket", "botocore.errorfactory.NoSuchBucket"),
    (Service::S3, "NoSuchKey", "botocore.errorfactory.NoSuchKey"),
    (Service::S3, "NoSuchUpload", "botocore.errorfactory.NoSuchUpload"),
    (Service::S3, "ObjectAlreadyInActiveTierError", "botocore.errorfactory.ObjectAlreadyInActiveTierError"),
    (Service::S3, "ObjectNotInActiveTierError", "botocore.errorfactory.ObjectNotInActiveTierError"),
    (Service::Sts, "ExpiredTokenException", "botocore.errorfactory.ExpiredTokenException"),
    (Service::Sts, "IDPCommunicationError", "botocore.errorfactory.IDPCommunicationErrorException"),
    (Service::Sts, "IDPRejectedClaim", "botocore.errorfactory.IDPRejectedClaimException"),
    (
        Service::Sts,
        "InvalidAuthorizationMessageException",
        "botocore.errorfactory.InvalidAuthorizationMessageException",
    ),
    (Service::Sts, "InvalidIdentityToken", "botocore.errorfactory.InvalidIdentityTokenException"),
    (Service::Sts, "MalformedPolicyDocument", "botocore.errorfactory.MalformedPolicyDocumentException"),
    (Service::Sts, "PackedPolicyTooLarge", "botocore.errorfactory.PackedPolicyTooLargeException"),
    (Service::Sts, "RegionDisabledException", "botocore.errorfactory.RegionDisabledException"),
];

/// Errors of S3 that got a class with botocore 1.36.
const NEWER_CLASSES: [(&str, &str); 5] = [
    ("EncryptionTypeMismatch", "botocore.errorfactory.EncryptionTypeMismatch"),
    ("IdempotencyParameterMismatch", "botocore.errorfactory.IdempotencyParameterMismatch"),
    ("InvalidRequest", "botocore.errorfactory.InvalidRequest"),
    ("InvalidWriteOffset", "botocore.errorfactory.InvalidWriteOffset"),
    ("TooManyParts", "botocore.errorfactory.TooManyParts"),
];

/// The exception for an error. `tries` is how often it was tried again, where that is to be told.
pub(crate) fn client_error(
    service: Service,
    operation: &str,
    failure: &Failure,
    tries: Option<u32>,
    newer: bool,
) -> Exception {
    let code = failure.error.code.as_deref().unwrap_or("Unknown");
    let message = failure.error.message.as_deref().unwrap_or("Unknown");
    let tries = tries.map(|tries| format!(" (reached max retries: {tries})")).unwrap_or_default();
    let class = CLASSES
        .iter()
        .find(|(of, known, _)| *of == service && *known == code)
        .map(|(_, _, class)| *class)
        .or_else(|| {
            let known = newer && service == Service::S3;
            NEWER_CLASSES.iter().find(|(newer, _)| known && *newer == code).map(|(_, class)| *class)
        })
        .unwrap_or("botocore.exceptions.ClientError");
    let mut exception = Exception::new(
        class,
        format!("An error occurred ({code}) when calling the {operation} operation{tries}: {message}"),
    );
    exception.service = Some(failure.error.clone());
    exception
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_are_read_from_what_there_is() {
        let read = |service, status, body: &str| failure(service, status, body.as_bytes()).map(|failure| failure.error);
        let error =
            |code: &str, message: &str| Ok(ServiceError { code: Some(code.into()), message: Some(message.into()) });
        assert_eq!(read(Service::S3, 403, ""), error("403", "Forbidden"));
        assert_eq!(read(Service::S3, 403, "no xml"), error("403", "Forbidden"));
        assert_eq!(read(Service::S3, 403, "<html><body>x</body></html>"), error("", ""));
        assert_eq!(read(Service::S3, 502, "<html>"), error("502", "Bad Gateway"));
        assert_eq!(
            read(Service::S3, 403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"),
            error("AccessDenied", "no")
        );
        assert_eq!(read(Service::S3, 403, "<Error xmlns=\"x\"><Code>A</Code></Error>"), error("", ""));
        assert_eq!(read(Service::S3, 403, "<Error><Code/><Message/></Error>"), error("None", "None"));
        let sts = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Code>A</Code><Message>b</Message></Error></ErrorResponse>";
        assert_eq!(read(Service::Sts, 400, sts), error("A", "b"));
        assert_eq!(
            read(Service::Sts, 405, "<Error><Code>A</Code></Error>"),
            Ok(ServiceError { code: None, message: None })
        );
    }

    #[test]
    fn what_is_no_xml_reads_as_expat_says() {
        let message = Listing::parse(b"it works").unwrap_err().message;
        assert_eq!(
            message,
            "Unable to parse response (syntax error: line 1, column 0), invalid XML received. Further retries may succeed:\nb'it works'"
        );
    }

    proptest! {
        /// Keys survive the encoding that S3 puts on them.
        #[test]
        fn keys_survive_their_encoding(keys in proptest::collection::vec("[^\\x00-\\x1f]{1,12}", 0..4), truncated: bool) {
            let encode = |key: &str| percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC).to_string();
            let contents: String = keys.iter().map(|key| format!("<Contents><Key>{}</Key><Size>7</Size></Contents>", encode(key))).collect();
            let xml = format!("<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{truncated}</IsTruncated>{contents}</ListBucketResult>");
            let listing = Listing::parse(xml.as_bytes()).unwrap();
            prop_assert_eq!(listing.next, keys.last().filter(|_| truncated).cloned());
            prop_assert_eq!(listing.objects.into_iter().map(|object| object.key).collect::<Vec<_>>(), keys);
        }

        #[test]
        fn any_answer_can_be_read(body: Vec<u8>, status in 300u16..600) {
            let _ = (Listing::parse(&body), failure(Service::S3, status, &body), failure(Service::Sts, status, &body), hides_error(&body));
        }
    }
}
