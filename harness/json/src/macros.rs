//! Values written as JSON.

use serde::Serialize;

use crate::Value;

/// A value, written as JSON with expressions in it: `json!({"name": name, "items": [1, 2, n], "more": null})`.
///
/// Names are texts or expressions of them; expressions are anything that can be serialised.
///
/// # Panics
/// When an expression cannot be a JSON value (a map whose names are no texts).
#[macro_export]
macro_rules! json {
    (@items [$($done:expr,)*]) => { $crate::Value::Array(::std::vec![$($done),*]) };
    (@items [$($done:expr,)*] null $(, $($rest:tt)*)?) => {
        $crate::json!(@items [$($done,)* $crate::Value::Null,] $($($rest)*)?)
    };
    (@items [$($done:expr,)*] [$($inner:tt)*] $(, $($rest:tt)*)?) => {
        $crate::json!(@items [$($done,)* $crate::json!([$($inner)*]),] $($($rest)*)?)
    };
    (@items [$($done:expr,)*] {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $crate::json!(@items [$($done,)* $crate::json!({$($inner)*}),] $($($rest)*)?)
    };
    (@items [$($done:expr,)*] $value:expr $(, $($rest:tt)*)?) => {
        $crate::json!(@items [$($done,)* $crate::value_of(&$value),] $($($rest)*)?)
    };

    (@members $map:ident) => {};
    (@members $map:ident $name:literal : $($rest:tt)+) => {
        $crate::json!(@value $map ($crate::Key::new_static($name)) $($rest)+);
    };
    (@members $map:ident $($rest:tt)+) => {
        $crate::json!(@name $map () $($rest)+);
    };
    (@name $map:ident ($($name:tt)+) : $($rest:tt)+) => {
        $crate::json!(@value $map ($crate::Key::from($($name)+)) $($rest)+);
    };
    (@name $map:ident ($($name:tt)*) $next:tt $($rest:tt)+) => {
        $crate::json!(@name $map ($($name)* $next) $($rest)+);
    };
    (@value $map:ident ($name:expr) null $(, $($rest:tt)*)?) => {
        $map.insert($name, $crate::Value::Null);
        $crate::json!(@members $map $($($rest)*)?);
    };
    (@value $map:ident ($name:expr) [$($inner:tt)*] $(, $($rest:tt)*)?) => {
        $map.insert($name, $crate::json!([$($inner)*]));
        $crate::json!(@members $map $($($rest)*)?);
    };
    (@value $map:ident ($name:expr) {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $map.insert($name, $crate::json!({$($inner)*}));
        $crate::json!(@members $map $($($rest)*)?);
    };
    (@value $map:ident ($name:expr) $value:expr $(, $($rest:tt)*)?) => {
        $map.insert($name, $crate::value_of(&$value));
        $crate::json!(@members $map $($($rest)*)?);
    };

    (null) => { $crate::Value::Null };
    ([$($items:tt)*]) => { $crate::json!(@items [] $($items)*) };
    ({}) => { $crate::Value::Object($crate::Map::new()) };
    ({$($members:tt)+}) => {{
        let mut members = $crate::Map::new();
        $crate::json!(@members members $($members)+);
        $crate::Value::Object(members)
    }};
    ($value:expr) => { $crate::value_of(&$value) };
}

/// What an expression of [`json!`] is.
#[doc(hidden)]
pub fn value_of<T: Serialize + ?Sized>(value: &T) -> Value {
    crate::to_value(value).unwrap_or_else(|error| panic!("no JSON value: {error}"))
}
