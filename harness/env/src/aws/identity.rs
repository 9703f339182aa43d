//! Who asks AWS.

use std::fmt;
use std::time::Duration;

/// Who a request to AWS is made as. Temporary credentials are got anew for every request, as a program's first request would: so whoever refuses
/// them answers in the place of the service that was meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AwsIdentity {
    /// Nobody: the request is not signed.
    Anonymous,
    /// The root user of an account.
    Root {
        /// Twelve digits.
        account: String,
    },
    /// A user, by an access key.
    User {
        /// The user's ARN.
        arn: String,
        /// `AKIA...`
        key: String,
        /// The secret that goes with it.
        secret: String,
    },
    /// A role that somebody assumes.
    Role {
        /// The role's ARN.
        role: String,
        /// The session's name.
        session: String,
        /// Who assumes it.
        by: Box<AwsIdentity>,
    },
    /// A role that a service account assumes with a token of the cluster: IAM roles for service accounts (IRSA).
    WebIdentity {
        /// The role's ARN.
        role: String,
        /// The session's name.
        session: String,
        /// The token.
        token: AccountToken,
        /// How long the session is asked for, at least a quarter of an hour; an hour unless told.
        lasts: Option<Duration>,
        /// How long the session is kept before it is used.
        age: Duration,
    },
}

/// A token that a service account asks the cluster for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountToken {
    /// The service account's namespace.
    pub namespace: String,
    /// Its name.
    pub account: String,
    /// Whom the token is for: `sts.amazonaws.com`
    pub audience: String,
    /// For how long it is good, at least ten minutes.
    pub lasts: Duration,
    /// How long it is kept before it is used.
    pub age: Duration,
}

impl AccountToken {
    /// A token as the pod identity webhook mounts it: for `sts.amazonaws.com`, good for a day.
    pub fn of(namespace: impl Into<String>, account: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            account: account.into(),
            audience: "sts.amazonaws.com".to_owned(),
            lasts: Duration::from_secs(86_400),
            age: Duration::ZERO,
        }
    }

    /// The same for another audience.
    #[must_use]
    pub fn for_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// The same, kept for so long before it is used. Time passes for the whole universe.
    #[must_use]
    pub fn aged(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// `system:serviceaccount:NAMESPACE:NAME`
    pub fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.account)
    }
}

impl AwsIdentity {
    /// The root user of an account.
    pub fn root(account: impl Into<String>) -> Self {
        Self::Root { account: account.into() }
    }

    /// A role that a service account assumes with its token.
    pub fn with_token(role: impl Into<String>, token: AccountToken) -> Self {
        let session = "model".to_owned();
        Self::WebIdentity { role: role.into(), session, token, lasts: None, age: Duration::ZERO }
    }

    /// A role that this identity assumes.
    #[must_use]
    pub fn assuming(self, role: impl Into<String>) -> Self {
        Self::Role { role: role.into(), session: "model".to_owned(), by: Box::new(self) }
    }

    /// The same session, asked for so long.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        if let Self::WebIdentity { lasts, .. } = &mut self {
            *lasts = Some(time);
        }
        self
    }

    /// The same session, kept for so long before it is used. Time passes for the whole universe.
    #[must_use]
    pub fn aged(mut self, by: Duration) -> Self {
        if let Self::WebIdentity { age, .. } = &mut self {
            *age = by;
        }
        self
    }
}

impl fmt::Display for AwsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Root { account } => write!(f, "arn:aws:iam::{account}:root"),
            Self::User { arn, .. } => f.write_str(arn),
            Self::Role { role, by, .. } => write!(f, "{role}, assumed by {by}"),
            Self::WebIdentity { role, token, .. } => write!(f, "{role}, assumed by {}", token.subject()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_say_whose_they_are() {
        let pod = AwsIdentity::with_token("arn:aws:iam::1:role/a", AccountToken::of("ns", "sa"));
        assert_eq!(
            pod.assuming("arn:aws:iam::2:role/b").to_string(),
            "arn:aws:iam::2:role/b, assumed by arn:aws:iam::1:role/a, assumed by system:serviceaccount:ns:sa"
        );
    }
}
