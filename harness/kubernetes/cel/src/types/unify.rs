//! Which types can stand where others are wanted, and what unknown types turn out to be.
//!
//! The rules are those of cel-go's checker (`checker/types.go`): first come, first bound; where a type that is bound meets a more
//! general one, it becomes that one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ty::Type;

/// What unknown types ([`Type::Param`]) have turned out to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Substitution(BTreeMap<Arc<str>, Type>);

impl Substitution {
    /// Whether `from` can stand for `to`; if so, what follows for unknown types is kept.
    pub(crate) fn assign(&mut self, to: &Type, from: &Type) -> bool {
        self.attempt(|trial| trial.fits(to, from))
    }

    /// The same for several at once.
    pub(crate) fn assign_all(&mut self, given: &[Type], wanted: &[Type]) -> bool {
        given.len() == wanted.len() && self.attempt(|trial| given.iter().zip(wanted).all(|(g, w)| trial.fits(g, w)))
    }

    fn attempt(&mut self, test: impl FnOnce(&mut Self) -> bool) -> bool {
        let mut trial = self.clone();
        let fits = test(&mut trial);
        if fits {
            *self = trial;
        }
        fits
    }

    pub(crate) fn bind(&mut self, name: Arc<str>, ty: Type) {
        self.0.insert(name, ty);
    }

    /// The type with everything put in that is known; what is not becomes `dyn`, if `settle`.
    pub(crate) fn apply(&self, ty: &Type, settle: bool) -> Type {
        match ty {
            Type::Param(name) => match self.0.get(name) {
                Some(bound) => self.apply(bound, settle),
                None if settle => Type::Dyn,
                None => ty.clone(),
            },
            Type::List(of) => Type::list(self.apply(of, settle)),
            Type::Map(key, value) => Type::map(self.apply(key, settle), self.apply(value, settle)),
            Type::Optional(of) => Type::optional(self.apply(of, settle)),
            Type::Type(Some(of)) => Type::Type(Some(Arc::new(self.apply(of, settle)))),
            other => other.clone(),
        }
    }

    fn fits(&mut self, a: &Type, b: &Type) -> bool {
        if let Type::Param(name) = b {
            let (fits, bound) = self.substitute(name, a);
            if fits || bound {
                return fits;
            }
        }
        if let Type::Param(name) = a {
            return self.substitute(name, b).0;
        }
        match (a, b) {
            (Type::Dyn | Type::Error, _) | (_, Type::Dyn | Type::Error) => true,
            (Type::Null, other) | (other, Type::Null) => is_nullable(other),
            (Type::Type(_), Type::Type(_)) => true,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => self.fits(a, b),
            (Type::Map(k, v), Type::Map(l, w)) => self.fits(k, l) && self.fits(v, w),
            (a, b) => a == b,
        }
    }

    /// Whether the parameter can be `ty`, and whether it was bound before.
    fn substitute(&mut self, name: &Arc<str>, ty: &Type) -> (bool, bool) {
        if matches!(ty, Type::Param(other) if other == name) {
            return (true, true);
        }
        if let Some(bound) = self.0.get(name).cloned() {
            if *ty == bound {
                return (true, true);
            }
            if !self.fits(ty, &bound) {
                return (false, true);
            }
            let general = most_general(ty, &bound).clone();
            if self.is_free_of(name, &general) {
                self.0.insert(name.clone(), general);
            }
            return (true, true);
        }
        if self.is_free_of(name, ty) {
            self.0.insert(name.clone(), ty.clone());
            return (true, false);
        }
        (false, false)
    }

    /// Whether the parameter does not occur in the type.
    fn is_free_of(&self, name: &Arc<str>, ty: &Type) -> bool {
        match ty {
            Type::Param(other) if other == name => false,
            Type::Param(other) => self.0.get(other).is_none_or(|bound| self.is_free_of(name, bound)),
            other => other.parts().into_iter().all(|part| self.is_free_of(name, part)),
        }
    }
}

/// `null` stands for values that are not plain.
fn is_nullable(ty: &Type) -> bool {
    matches!(ty, Type::Null | Type::Optional(_) | Type::Object(_) | Type::Opaque(_) | Type::Duration | Type::Timestamp)
}

/// The one of two types that admits more.
pub(crate) fn most_general<'t>(a: &'t Type, b: &'t Type) -> &'t Type {
    if is_as_general(a, b) { a } else { b }
}

fn is_as_general(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Param(_), _) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => is_as_general(a, b),
        (Type::Map(k, v), Type::Map(l, w)) => is_as_general(k, l) && is_as_general(v, w),
        (Type::Type(_), Type::Type(_)) => true,
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits() {
        let (list, param) = (Type::list, || Type::param("A"));
        let cases = [
            (Type::Int, Type::Int, true),
            (Type::Int, Type::Double, false),
            (Type::Dyn, Type::Int, true),
            (Type::Null, Type::String, false),
            (Type::Null, Type::Timestamp, true),
            (list(Type::Int), list(Type::Dyn), true),
            (list(Type::Int), list(Type::String), false),
            (list(param()), list(Type::Int), true),
            (list(param()), param(), false),
        ];
        for (a, b, want) in cases {
            assert_eq!(Substitution::default().assign(&a, &b), want, "{a} and {b}");
        }
    }

    #[test]
    fn unknown_types_become_known() {
        let mut known = Substitution::default();
        let (a, b) = (Type::param("A"), Type::param("B"));
        assert!(known.assign_all(&[Type::list(Type::Int), Type::Int], &[Type::list(a.clone()), a.clone()]));
        assert_eq!(known.apply(&Type::map(a.clone(), b.clone()), false), Type::map(Type::Int, b.clone()));
        assert_eq!(known.apply(&Type::map(a, b), true), Type::map(Type::Int, Type::Dyn));
    }
}
