//! JSON values as objects are kept in memory.
//!
//! A server that tells the truth holds thousands of objects, each in several versions, and walks and copies them at every write. [`serde_json`] reads and writes
//! their text; its own `Value`, with members in order, takes 72 bytes a value and 104 a member, an allocation for each name, and a hash for each look. Here a value
//! takes 32 bytes, a member 56, and a name of up to 23 bytes nothing more; a small object is looked through instead of hashed, and copies share what neither changes.
//!
//! The types are spelled like those of [`serde_json`] and mean the same, with one difference: a [`Map`] always keeps its members in order, also when one is taken out.
//!
//! What it refuses to do: it reads no text by itself, and numbers are those of [`serde_json`] (no arbitrary precision).

mod compare;
mod convert;
mod de;
mod index;
mod macros;
mod map;
mod pointer;
mod ser;
mod value;

pub use index::Index;
pub use map::{Entry, IntoIter, Iter, IterMut, Map, OccupiedEntry, VacantEntry};
pub use serde_json::{
    Deserializer, Error, Number, Result, Serializer, de as text, error, from_reader, from_slice, from_str, to_string,
    to_string_pretty, to_vec, to_vec_pretty, to_writer, to_writer_pretty,
};
pub use smol_str::SmolStr as Key;
pub use value::Value;

pub use de::from_value;
pub use ser::to_value;

#[doc(hidden)]
pub use macros::value_of;

#[cfg(test)]
mod tests;
