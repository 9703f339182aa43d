//! The options of a write: dry run, field manager, field validation.

use proofmark_json::{Value, json};
use proofmark_status::{FieldError, Status};

use crate::refusal::Refusal;
use crate::server::Call;

/// What happens to unknown and duplicate fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// Nothing.
    Ignore,
    /// A `Warning` header for each.
    Warn,
    /// 400
    Strict,
}

impl FieldValidation {
    /// Whether complaints are looked for at all.
    pub(crate) fn strict(self) -> bool {
        self != Self::Ignore
    }
}

/// The options of a write.
#[derive(Debug, Clone)]
pub(crate) struct WriteOptions {
    pub(crate) dry_run: bool,
    pub(crate) validation: FieldValidation,
    /// Who owns the fields: `fieldManager`, or what the User-Agent says.
    pub(crate) manager: String,
    /// Whether `fieldManager` was given.
    pub(crate) manager_given: bool,
    /// `force`, where it was given.
    pub(crate) force: Option<bool>,
    /// `dryRun` and `fieldValidation` as they were given.
    pub(crate) given: (Vec<String>, String),
}

impl WriteOptions {
    /// Reads and checks the options; `kind` is `CreateOptions`, `UpdateOptions` or `PatchOptions`.
    pub(crate) fn read(call: &Call<'_>, kind: &str) -> Result<Self, Refusal> {
        let query = call.exchange.query;
        let mut errors = Vec::new();
        let dry_run: Vec<&str> = query.all("dryRun").collect();
        if dry_run.iter().any(|d| *d != "All") {
            let value = proofmark_json::json!(dry_run);
            errors.push(FieldError::not_supported("dryRun", value, &["All"]));
        }
        let given = query.get("fieldManager").unwrap_or_default();
        let manager = match proofmark_merge::manager_name(call.exchange.header("user-agent"), Some(given)) {
            Ok(name) => name,
            Err(complaints) => {
                errors.extend(complaints);
                String::new()
            }
        };
        let validation = match query.get("fieldValidation").unwrap_or_default() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                errors.push(FieldError::not_supported("fieldValidation", other, &["", "Ignore", "Strict", "Warn"]));
                FieldValidation::Warn
            }
        };
        if !errors.is_empty() {
            return Err(Status::invalid("meta.k8s.io", kind, "", &errors).into());
        }
        Ok(Self {
            dry_run: !dry_run.is_empty(),
            validation,
            manager,
            manager_given: !given.is_empty(),
            force: query.get("force").map(crate::request::parse_bool),
            given: (
                dry_run.iter().map(|d| (*d).to_owned()).collect(),
                query.get("fieldValidation").unwrap_or_default().to_owned(),
            ),
        })
    }

    /// The options as an object, as admission sees them; `kind` is `CreateOptions` or `UpdateOptions`.
    pub(crate) fn to_value(&self, kind: &str) -> Value {
        let (dry_run, validation) = &self.given;
        let mut options = json!({"kind": kind, "apiVersion": "meta.k8s.io/v1"});
        if !dry_run.is_empty() {
            options["dryRun"] = json!(dry_run);
        }
        if self.manager_given {
            options["fieldManager"] = json!(self.manager);
        }
        if !validation.is_empty() {
            options["fieldValidation"] = json!(validation);
        }
        options
    }
}
