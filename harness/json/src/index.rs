//! What a value is asked at: a name, or a place in a list.

use std::ops;

use crate::{Key, Value};

static NULL: Value = Value::Null;

/// A name, or a place in a list.
pub trait Index {
    /// What stands there.
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value>;

    /// What stands there, to be changed.
    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value>;

    /// What stands there, to be changed; a member that is missing comes to be.
    ///
    /// # Panics
    /// When the value has no such thing: no members, or not so many items.
    fn of_new<'v>(&self, value: &'v mut Value) -> &'v mut Value;
}

impl Index for usize {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.as_array()?.get(*self)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.as_array_mut()?.get_mut(*self)
    }

    fn of_new<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        let Value::Array(items) = value else { panic!("no item {self} in what is no list") };
        let length = items.len();
        items.get_mut(*self).unwrap_or_else(|| panic!("no item {self} in a list of {length}"))
    }
}

impl Index for str {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.as_object()?.get(self)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.as_object_mut()?.get_mut(self)
    }

    fn of_new<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        if value.is_null() {
            *value = Value::Object(crate::Map::new());
        }
        let Value::Object(members) = value else { panic!("no member {self:?} in what is no object") };
        members.entry(self).or_insert(Value::Null)
    }
}

macro_rules! like_str {
    ($($name:ty),*) => {$(
        impl Index for $name {
            fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
                self.as_str().of(value)
            }

            fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
                self.as_str().of_mut(value)
            }

            fn of_new<'v>(&self, value: &'v mut Value) -> &'v mut Value {
                self.as_str().of_new(value)
            }
        }
    )*};
}

like_str!(String, Key);

impl<I: Index + ?Sized> Index for &I {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        (**self).of(value)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        (**self).of_mut(value)
    }

    fn of_new<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        (**self).of_new(value)
    }
}

/// What is missing is null.
impl<I: Index> ops::Index<I> for Value {
    type Output = Value;

    fn index(&self, index: I) -> &Value {
        index.of(self).unwrap_or(&NULL)
    }
}

impl<I: Index> ops::IndexMut<I> for Value {
    fn index_mut(&mut self, index: I) -> &mut Value {
        index.of_new(self)
    }
}
