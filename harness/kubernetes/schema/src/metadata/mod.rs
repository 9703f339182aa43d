//! `ObjectMeta` of embedded resources: decoding as Go decodes it, and validation.

mod decode;
mod validate;

pub(crate) use decode::decode;
pub(crate) use validate::validate;
