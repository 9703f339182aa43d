//! Values beside plain texts, numbers and bools.

use crate::Value;

macro_rules! text {
    ($($text:ty),*) => {$(
        impl PartialEq<$text> for Value {
            fn eq(&self, other: &$text) -> bool {
                self.as_str().is_some_and(|text| text == &other[..])
            }
        }

        impl PartialEq<Value> for $text {
            fn eq(&self, other: &Value) -> bool {
                other == self
            }
        }
    )*};
}

text!(str, &str, String);

macro_rules! number {
    ($($number:ty as $read:ident: $wide:ty),*) => {$(
        impl PartialEq<$number> for Value {
            fn eq(&self, other: &$number) -> bool {
                self.$read() == Some(<$wide>::from(*other))
            }
        }

        impl PartialEq<Value> for $number {
            fn eq(&self, other: &Value) -> bool {
                other == self
            }
        }
    )*};
}

number!(
    bool as as_bool: bool,
    i8 as as_i64: i64,
    i16 as as_i64: i64,
    i32 as as_i64: i64,
    i64 as as_i64: i64,
    u8 as as_u64: u64,
    u16 as as_u64: u64,
    u32 as as_u64: u64,
    u64 as as_u64: u64,
    f64 as as_f64: f64
);

impl PartialEq<usize> for Value {
    fn eq(&self, other: &usize) -> bool {
        self.as_u64() == u64::try_from(*other).ok()
    }
}

impl PartialEq<Value> for usize {
    fn eq(&self, other: &Value) -> bool {
        other == self
    }
}
