//! The members of an object, one after the other.

use super::Map;
use crate::{Key, Value};

macro_rules! iterator {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $inner:ty, $item:ty, $member:pat => $out:expr) => {
        $(#[$doc])*
        pub struct $name $(<$life>)? (pub(super) $inner);

        impl $(<$life>)? Iterator for $name $(<$life>)? {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                self.0.next().map(|$member| $out)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl $(<$life>)? DoubleEndedIterator for $name $(<$life>)? {
            fn next_back(&mut self) -> Option<$item> {
                self.0.next_back().map(|$member| $out)
            }
        }

        impl $(<$life>)? ExactSizeIterator for $name $(<$life>)? {}
    };
}

iterator! {
    /// An object's members.
    #[derive(Clone)]
    Iter<'a>, std::slice::Iter<'a, (Key, Value)>, (&'a Key, &'a Value), (key, value) => (key, value)
}
iterator! {
    /// An object's members, whose values can be changed.
    IterMut<'a>, std::slice::IterMut<'a, (Key, Value)>, (&'a Key, &'a mut Value), (key, value) => (&*key, value)
}
iterator! {
    /// An object's members, taken out.
    IntoIter, std::vec::IntoIter<(Key, Value)>, (Key, Value), member => member
}

impl IntoIterator for Map {
    type Item = (Key, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(self.into_list().into_iter())
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Key, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = (&'a Key, &'a mut Value);
    type IntoIter = IterMut<'a>;

    fn into_iter(self) -> IterMut<'a> {
        self.iter_mut()
    }
}
