//! Who a request comes from.

/// The principal of a request. Source: IAM User Guide, "AWS JSON policy elements: Principal" and "AWS global condition context keys".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody: the request is not signed.
    Anonymous,
    /// The root user of an account.
    Root {
        /// Twelve digits.
        account: String,
    },
    /// An IAM user.
    User {
        /// Twelve digits.
        account: String,
        /// `/` or `/division/`
        path: String,
        /// Its name.
        name: String,
        /// `AIDA...`
        id: String,
    },
    /// A session of a role.
    Session {
        /// The role's account.
        account: String,
        /// The role's path: `/` or `/service-role/`.
        path: String,
        /// The role's name.
        role: String,
        /// `AROA...`
        id: String,
        /// The session's name.
        session: String,
    },
    /// An identity that another provider vouches for: AssumeRoleWithWebIdentity.
    Federated {
        /// The provider's ARN: `arn:aws:iam::111111111111:oidc-provider/host/path`
        provider: String,
    },
    /// An AWS service.
    Service {
        /// `pods.eks.amazonaws.com`
        name: String,
    },
}

impl Principal {
    /// The account that the principal belongs to; none for those that belong to no account.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Root { account } | Self::User { account, .. } | Self::Session { account, .. } => Some(account),
            Self::Anonymous | Self::Federated { .. } | Self::Service { .. } => None,
        }
    }

    /// How error messages and logs name it. A session's ARN has no path.
    pub fn arn(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Root { account } => format!("arn:aws:iam::{account}:root"),
            Self::User { account, path, name, .. } => format!("arn:aws:iam::{account}:user{path}{name}"),
            Self::Session { account, role, session, .. } => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            Self::Federated { provider } => provider.clone(),
            Self::Service { name } => name.clone(),
        }
    }

    /// The ARN of what has the policies: the user, or the role with its path. This is `aws:PrincipalArn`.
    pub fn owner_arn(&self) -> Option<String> {
        match self {
            Self::Session { account, path, role, .. } => Some(format!("arn:aws:iam::{account}:role{path}{role}")),
            Self::Root { .. } | Self::User { .. } => Some(self.arn()),
            Self::Anonymous | Self::Federated { .. } | Self::Service { .. } => None,
        }
    }

    /// The unique id of the user or role (`AIDA...`, `AROA...`).
    pub fn unique_id(&self) -> Option<&str> {
        match self {
            Self::User { id, .. } | Self::Session { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The keys that follow from the principal alone: `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`,
    /// `aws:username`, `aws:FederatedProvider`.
    pub fn keys(&self, context: &mut crate::Context) {
        if let Some(arn) = self.owner_arn() {
            context.set("aws:PrincipalArn", arn);
        }
        if let Some(account) = self.account() {
            context.set("aws:PrincipalAccount", account);
        }
        let (kind, userid) = match self {
            Self::Anonymous => ("Anonymous", Some("anonymous".to_owned())),
            Self::Root { account } => ("Account", Some(account.clone())),
            Self::User { id, name, .. } => {
                context.set("aws:username", name);
                ("User", Some(id.clone()))
            }
            Self::Session { id, session, .. } => ("AssumedRole", Some(format!("{id}:{session}"))),
            Self::Federated { provider } => {
                context.set("aws:FederatedProvider", provider);
                ("FederatedUser", None)
            }
            Self::Service { .. } => return,
        };
        context.set("aws:PrincipalType", kind);
        if let Some(userid) = userid {
            context.set("aws:userid", userid);
        }
    }
}
