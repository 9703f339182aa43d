//! Why a document is refused.

/// What is wrong with a document. The texts are those of IAM; S3 has other words for some, see [`PolicyError::for_s3`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It is no JSON object.
    #[error("This policy contains invalid Json")]
    Json,
    /// It has an element that no policy has, or one of the wrong type.
    #[error("Syntax errors in policy.")]
    Syntax {
        /// Which one.
        element: String,
    },
    /// `Version` is neither 2012-10-17 nor 2008-10-17.
    #[error("The policy must contain a valid version string")]
    Version,
    /// Two statements have the same `Sid`.
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    RepeatedSid,
    /// A `Sid` has other characters than letters and digits.
    #[error(
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    )]
    Sid,
    /// There is no statement, or no `Effect`.
    #[error("Syntax errors in policy.")]
    Missing {
        /// Which element.
        element: &'static str,
    },
    /// A list of statements without any.
    #[error("Syntax errors in policy.")]
    Empty,
    /// Neither `Action` nor `NotAction`.
    #[error("Policy statement must contain actions.")]
    NoActions,
    /// Neither `Resource` nor `NotResource`.
    #[error("Policy statement must contain resources.")]
    NoResources,
    /// An element that this kind of policy must not have.
    #[error("{}", prohibited(.element))]
    Prohibited {
        /// Which one.
        element: &'static str,
    },
    /// No principal where there must be one.
    #[error("Missing required field Principal")]
    NoPrincipal,
    /// An action without its service.
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    Action {
        /// The action.
        action: String,
    },
    /// A resource that is no ARN.
    #[error("Resource {resource} must be in ARN format or \"*\".")]
    Resource {
        /// The resource.
        resource: String,
    },
    /// A principal that is none.
    #[error("Invalid principal in policy: {kind:?}:{principal:?}")]
    Principal {
        /// `AWS`, `Federated`, `Service`, `CanonicalUser`
        kind: String,
        /// The principal.
        principal: String,
    },
    /// A condition operator that there is not.
    #[error("Invalid Condition type : {operator}.")]
    Operator {
        /// Its name.
        operator: String,
    },
    /// A resource control policy that allows.
    #[error("Syntax errors in policy.")]
    MustDeny,
}

fn prohibited(element: &str) -> String {
    match element {
        "Principal" | "NotPrincipal" => "Policy document should not specify a principal.".to_owned(),
        other => format!("Has prohibited field {other}"),
    }
}

impl PolicyError {
    /// The message of S3's `MalformedPolicy`.
    pub fn for_s3(&self) -> String {
        match self {
            Self::Json => "Policies must be valid JSON and the first byte must be '{'".to_owned(),
            Self::Syntax { element } => format!("Unknown field {element}"),
            Self::Empty => "Could not parse the policy: Statement is empty!".to_owned(),
            Self::Missing { element } => format!("Missing required field {element}"),
            Self::NoActions => "Missing required field Action".to_owned(),
            Self::NoResources => "Missing required field Resource".to_owned(),
            Self::Action { .. } => "Policy has invalid action".to_owned(),
            Self::Resource { .. } => "Policy has invalid resource".to_owned(),
            Self::Principal { .. } => "Invalid principal in policy".to_owned(),
            Self::Operator { operator } => format!("Invalid Condition type : {operator}"),
            other => other.to_string(),
        }
    }
}
