//! JSON pointers (RFC 6901).

use std::borrow::Cow;

use crate::Value;

impl Value {
    /// What a JSON pointer leads to.
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        tokens(pointer)?.try_fold(self, |at, token| match at {
            Self::Object(members) => members.get(unescaped(token)),
            Self::Array(items) => items.get(place(token)?),
            _ => None,
        })
    }

    /// What a JSON pointer leads to, to be changed.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        tokens(pointer)?.try_fold(self, |at, token| match at {
            Self::Object(members) => members.get_mut(unescaped(token)),
            Self::Array(items) => items.get_mut(place(token)?),
            _ => None,
        })
    }
}

/// The steps of a pointer; none if it is no pointer.
fn tokens(pointer: &str) -> Option<impl Iterator<Item = &str>> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return None;
    }
    Some(pointer.split('/').skip(1))
}

fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') { Cow::Owned(token.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(token) }
}

/// A place in a list; it has no sign and no zeros in front.
fn place(token: &str) -> Option<usize> {
    let plain = !token.starts_with('+') && (token == "0" || !token.starts_with('0'));
    plain.then(|| token.parse().ok()).flatten()
}
