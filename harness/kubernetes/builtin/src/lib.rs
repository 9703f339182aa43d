//! The built-in Kubernetes 1.35 API as tables, and the code that reads them.
//!
//! * [`resources`] and [`groups`]: what discovery says is served, in the server's order.
//! * [`types`] and [`type_of`]: every Go type that an API server decodes, as one [`proofmark_types::TypeGraph`].
//! * [`named`], [`embedded`], [`required`], [`enumeration`]: what else is known of a type.
//! * [`decode`]: Go's typed JSON round trip, with Go's words for what does not fit.
//! * [`proto`]: Kubernetes' protobuf (`application/vnd.kubernetes.protobuf`), both ways.
//! * [`unstructured`]: the other way of Go from a value to a typed object, that of strategic merge patches.
//! * [`quantity`]: `resource.Quantity` in its canonical form.
//! * [`spew`]: pod templates as the text that their hashes are made of.
//!
//! The tables are generated facts (`generate/`), compressed in the binary (`tables/`) and read on first use.

pub mod decode;
mod gotext;
pub mod proto;
mod resources;
pub mod spew;
mod table;
mod time;
pub mod unstructured;

pub use proofmark_text::quantity;
pub use resources::{Group, Resource, Subresource, groups, resources};
pub use table::{embedded, enumeration, named, required, type_of, types};
