//! What admission is asked: one change of one object.

use std::sync::Arc;

use proofmark_json::Value;

use crate::handlers::{Target, WriteOptions};
use crate::resource::Resource;
use crate::server::Call;

/// What happens to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// It, or a body of a subresource, is made.
    Create,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
}

impl Operation {
    /// As reviews and rules name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// One change of one object (`admission.Attributes`). The object itself is an argument of what looks at it.
#[derive(Clone)]
pub(crate) struct Request<'a> {
    pub(crate) call: &'a Call<'a>,
    /// The name is empty while it is not generated yet.
    pub(crate) target: &'a Target<'a>,
    pub(crate) operation: Operation,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    /// What kind of object is sent: the resource's own, or the body of a subresource (a Scale, a Binding).
    pub(crate) body: &'a Arc<Resource>,
    /// The object before; none for a creation.
    pub(crate) old: Option<&'a Value>,
    /// `CreateOptions`, `UpdateOptions` or `DeleteOptions`.
    pub(crate) options: Value,
    pub(crate) dry_run: bool,
}

impl<'a> Request<'a> {
    /// An object, or the body of a subresource, is made.
    pub(crate) fn create(call: &'a Call<'a>, target: &'a Target<'a>, options: &WriteOptions) -> Self {
        Self {
            call,
            target,
            operation: Operation::Create,
            subresource: "",
            body: target.resource,
            old: None,
            options: options.to_value("CreateOptions"),
            dry_run: options.dry_run,
        }
    }

    /// An object is changed.
    pub(crate) fn update(call: &'a Call<'a>, target: &'a Target<'a>, options: &WriteOptions, old: &'a Value) -> Self {
        Self {
            operation: Operation::Update,
            old: Some(old),
            options: options.to_value("UpdateOptions"),
            ..Self::create(call, target, options)
        }
    }

    /// An object is removed; `options` are a `DeleteOptions`.
    pub(crate) fn delete(
        call: &'a Call<'a>,
        target: &'a Target<'a>,
        old: &'a Value,
        options: Value,
        dry_run: bool,
    ) -> Self {
        let operation = Operation::Delete;
        Self { call, target, operation, subresource: "", body: target.resource, old: Some(old), options, dry_run }
    }

    /// The same through a subresource, with its kind of body.
    #[must_use]
    pub(crate) fn through(self, subresource: &'a str, body: &'a Arc<Resource>) -> Self {
        Self { subresource, body, ..self }
    }

    /// The same about an object that now has its name.
    #[must_use]
    pub(crate) fn named(self, target: &'a Target<'a>) -> Self {
        Self { target, ..self }
    }

    /// The namespace as admission sees it: that of a Namespace is itself.
    pub(crate) fn namespace(&self) -> &str {
        if self.is_core("namespaces") { self.target.name } else { self.target.namespace }
    }

    /// Whether it is about this resource of the core group.
    pub(crate) fn is_core(&self, plural: &str) -> bool {
        self.is("", plural)
    }

    /// Whether it is about this resource.
    pub(crate) fn is(&self, group: &str, plural: &str) -> bool {
        self.target.resource.group == group && self.target.resource.plural == plural
    }
}
