//! Types, and what is declared of them: [`Type`], [`Function`], unification.

mod declare;
mod signature;
mod ty;
mod unify;

pub(crate) use declare::{Function, Functions, Overload};
pub use ty::{ObjectType, Type};
pub(crate) use unify::{Substitution, most_general};
