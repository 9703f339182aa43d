//! Who asks.

use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::{AwsIdentity, EnvError};

/// Who a request is made as. Every environment sends it the same way: the harness's own credentials plus impersonation headers, so that
/// a scenario needs neither passwords nor tokens of the people it plays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// The harness's own credentials: a cluster administrator.
    Admin,
    /// A person, as an authenticator in front of the cluster names him.
    User {
        /// The user name, for instance an e-mail address.
        name: String,
        /// Groups beside `system:authenticated`, which the API server adds.
        groups: Vec<String>,
    },
    /// A service account; the API server adds its groups.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Nobody: `system:anonymous`.
    Anonymous,
    /// Somebody who is known to AWS and not to the cluster.
    Aws(AwsIdentity),
}

impl From<AwsIdentity> for Identity {
    fn from(who: AwsIdentity) -> Self {
        Self::Aws(who)
    }
}

impl Identity {
    /// A person without further groups.
    pub fn user(name: impl Into<String>) -> Self {
        Self::User { name: name.into(), groups: Vec::new() }
    }

    /// A service account.
    pub fn service_account(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::ServiceAccount { namespace: namespace.into(), name: name.into() }
    }

    /// The user name that the API server decides about and prints in refusals; none for [`Identity::Admin`], whose name is the
    /// environment's affair, and for [`Identity::Aws`].
    pub fn user_name(&self) -> Option<String> {
        match self {
            Self::Admin | Self::Aws(_) => None,
            Self::User { name, .. } => Some(name.clone()),
            Self::ServiceAccount { namespace, name } => Some(format!("system:serviceaccount:{namespace}:{name}")),
            Self::Anonymous => Some("system:anonymous".to_owned()),
        }
    }

    /// Sets the impersonation headers.
    ///
    /// # Errors
    /// [`EnvError::Request`] when a name holds characters that no header can carry, or is not the cluster's.
    pub fn impersonate(&self, headers: &mut HeaderMap) -> Result<(), EnvError> {
        let value = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| EnvError::Request(format!("identity {text:?} does not fit into a header")))
        };
        if let Self::Aws(who) = self {
            return Err(EnvError::Request(format!("{who} is not known to the cluster")));
        }
        let Some(user) = self.user_name() else { return Ok(()) };
        headers.insert(HeaderName::from_static("impersonate-user"), value(&user)?);
        if let Self::User { groups, .. } = self {
            for group in groups {
                headers.append(HeaderName::from_static("impersonate-group"), value(group)?);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.user_name()) {
            (Self::Aws(who), _) => who.fmt(f),
            (_, Some(name)) => f.write_str(&name),
            (_, None) => f.write_str("admin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(Identity::Admin, &[])]
    #[case(Identity::Anonymous, &[("impersonate-user", "system:anonymous")])]
    #[case(Identity::service_account("a", "b"), &[("impersonate-user", "system:serviceaccount:a:b")])]
    #[case(
        Identity::User { name: "u@x".into(), groups: vec!["g".into(), "h".into()] },
        &[("impersonate-user", "u@x"), ("impersonate-group", "g"), ("impersonate-group", "h")]
    )]
    fn is_sent_as_impersonation(#[case] who: Identity, #[case] expected: &[(&str, &str)]) {
        let mut headers = HeaderMap::new();
        who.impersonate(&mut headers).unwrap();
        let sent: Vec<_> = headers.iter().map(|(k, v)| (k.as_str(), v.to_str().unwrap())).collect();
        assert_eq!(sent, expected);
    }

    #[test]
    fn names_that_no_header_can_carry_are_refused() {
        let refused = Identity::user("line\nbreak").impersonate(&mut HeaderMap::new());
        assert!(matches!(refused, Err(EnvError::Request(_))), "{refused:?}");
    }
}
