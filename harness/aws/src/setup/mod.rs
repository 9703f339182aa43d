//! A cloud from a description: [`Cloud::set_up`] makes what a [`Spec`] says.
//!
//! It does so by the same actions that clients call, as the root user of each account, so that what cannot be made by a client cannot be
//! described either, and is refused in the same words.

mod accounts;
mod organization;
mod spec;

pub use spec::{
    AccessKeySpec, AccountSpec, AssociationSpec, ClusterSpec, ControlSpec, GroupSpec, KeySpec, OrganizationSpec,
    PolicySpec, ProviderSpec, RoleSpec, Spec, UnitSpec, UserSpec,
};

use crate::authorize::Call;
use crate::gate::Caller;
use crate::protocol::Form;
use crate::world::AccountId;
use crate::{Cloud, Fault, iam, kms, organizations};
use proofmark_aws_policy::Principal;
use proofmark_json::Value;

/// What could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {fault}")]
pub struct SetupError {
    /// `account 111111111111: role reader`
    pub what: String,
    /// Why, as a client would be told.
    pub fault: Box<Fault>,
}

impl Cloud {
    /// Makes what a description says, in addition to what is there. Nothing of it stays in the record of decisions.
    ///
    /// # Errors
    /// [`SetupError`], the first; what was made before it stays.
    pub fn set_up(&self, spec: &Spec) -> Result<(), SetupError> {
        let made = accounts::make(self, &spec.accounts)
            .and_then(|()| spec.organization.as_ref().map_or(Ok(()), |spec| organization::make(self, spec)));
        self.decisions().forget();
        made
    }

    /// A call by the root user of an account.
    fn root_call(&self, account: &AccountId) -> Call {
        self.add_account(account);
        let principal = Principal::Root { account: account.to_string() };
        Call {
            caller: Caller { principal, ..Caller::anonymous() },
            request_id: String::new(),
            source_ip: None,
            secure: true,
            user_agent: None,
            referer: None,
            region: self.settings().region.clone(),
        }
    }
}

/// The hands of an account's root user.
struct Root<'a> {
    cloud: &'a Cloud,
    call: Call,
    /// What is being made, for errors.
    what: String,
}

impl<'a> Root<'a> {
    fn of(cloud: &'a Cloud, account: &str) -> Result<Self, SetupError> {
        let what = format!("account {account}");
        match AccountId::parse(account) {
            Some(id) => Ok(Self { cloud, call: cloud.root_call(&id), what }),
            None => {
                Err(SetupError { what, fault: Box::new(crate::protocol::invalid("an account's id is twelve digits")) })
            }
        }
    }

    fn error(&self, thing: &str) -> impl FnOnce(Fault) -> SetupError + use<> {
        let what = format!("{}: {thing}", self.what);
        move |fault| SetupError { what, fault: Box::new(fault) }
    }

    /// An action of IAM on a thing.
    fn iam(&self, thing: &str, action: &str, parameters: Vec<(String, String)>) -> Result<(), SetupError> {
        let form = Form::of(parameters);
        iam::answer(self.cloud, &self.call, action, &form).map(|_| ()).map_err(self.error(thing))
    }

    /// An action of KMS.
    fn kms(&self, thing: &str, action: &str, body: &Value) -> Result<Value, SetupError> {
        let body = body.to_string();
        kms::answer(self.cloud, &self.call, action, body.as_bytes()).map_err(self.error(thing))
    }

    /// An action of Organizations.
    fn organizations(&self, thing: &str, action: &str, body: &Value) -> Result<Value, SetupError> {
        let body = body.to_string();
        organizations::answer(self.cloud, &self.call, action, body.as_bytes()).map_err(self.error(thing))
    }
}
