//! How requests and answers are written: the Query protocol of STS and IAM, and the JSON protocol of KMS and Organizations.
//!
//! S3's own way is in [`crate::s3`].

mod checks;
mod form;
pub(crate) mod json;
pub(crate) mod query;
mod xml;

pub(crate) use checks::{Checks, Text, in_name, invalid};
pub(crate) use form::{Form, member_name};
pub(crate) use xml::Xml;
