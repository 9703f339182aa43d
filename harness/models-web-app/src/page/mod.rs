//! The application for browsers: its files, its index page, and the cookie that comes with it.

mod assets;
mod file;
mod index;
mod tokens;

pub use assets::Assets;
pub(crate) use file::file;
pub(crate) use index::index;
pub use tokens::Tokens;
