//! Signatures of functions as text: `list(A), int -> A`.

use super::ty::Type;

/// Parameters and result. Capital letters are type parameters, names with dots are types of libraries.
pub(super) fn parse(text: &'static str) -> Option<(Vec<Type>, Type)> {
    let (params, result) = text.split_once("->")?;
    let mut reader = Reader { rest: params.trim() };
    let mut types = Vec::new();
    while !reader.rest.is_empty() {
        types.push(reader.ty()?);
        reader.accept(",");
    }
    let mut reader = Reader { rest: result.trim() };
    let result = reader.ty()?;
    reader.rest.is_empty().then_some((types, result))
}

struct Reader {
    rest: &'static str,
}

impl Reader {
    fn accept(&mut self, symbol: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(symbol);
        self.rest = found.unwrap_or(rest).trim_start();
        found.is_some()
    }

    fn ty(&mut self) -> Option<Type> {
        let length =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._@".contains(c))).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(match name {
            "" => return None,
            "dyn" => Type::Dyn,
            "bool" => Type::Bool,
            "int" => Type::Int,
            "uint" => Type::Uint,
            "double" => Type::Double,
            "string" => Type::String,
            "bytes" => Type::Bytes,
            "timestamp" => Type::Timestamp,
            "duration" => Type::Duration,
            "list" => Type::list(self.parameter()?),
            "optional" => Type::optional(self.parameter()?),
            "type" => Type::Type(Some(self.parameter()?.into())),
            "map" => {
                self.accept("(").then_some(())?;
                let key = self.ty()?;
                self.accept(",").then_some(())?;
                let value = self.ty()?;
                self.accept(")").then_some(())?;
                Type::map(key, value)
            }
            name if name.contains('.') => Type::Opaque(name),
            name if name.len() == 1 => Type::param(name),
            _ => return None,
        })
    }

    fn parameter(&mut self) -> Option<Type> {
        self.accept("(").then_some(())?;
        let ty = self.ty()?;
        self.accept(")").then_some(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        let a = || Type::param("A");
        let cases = [
            ("-> int", Some((vec![], Type::Int))),
            ("list(A), A -> bool", Some((vec![Type::list(a()), a()], Type::Bool))),
            (
                "map(string, list(A)) -> optional(A)",
                Some((vec![Type::map(Type::String, Type::list(a()))], Type::optional(a()))),
            ),
            ("net.IP -> string", Some((vec![Type::Opaque("net.IP")], Type::String))),
            ("A -> type(A)", Some((vec![a()], Type::Type(Some(a().into()))))),
            ("nonsense -> int", None),
            ("int", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse(text), want, "{text}");
        }
    }
}
