//! Inline policies of users, groups and roles.

use super::holder::Holder;
use super::page::page;
use super::turn::{Answer, Turn};
use super::write::url_encoded;
use super::{faults, params};
use crate::protocol::Xml;
use proofmark_aws_policy::Context;

pub(super) fn put(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?.to_owned();
    let policy = params::name(turn.form, "PolicyName", 128)?.to_owned();
    holder.allow(turn, &name, Context::default())?;
    let document = params::identity_policy(turn.form)?;
    let held = holder.held(turn.account_mut()?, &name)?;
    let others: usize = held
        .inline
        .iter()
        .filter(|(other, _)| **other != policy)
        .map(|(_, document)| params::size(&document.text))
        .sum();
    let most = holder.inline_size();
    if others + params::size(&document.text) > most {
        let word = holder.word();
        return Err(faults::limit(format!("Maximum policy size of {most} bytes exceeded for {word} {name}")));
    }
    held.inline.insert(policy, document);
    Ok(None)
}

pub(super) fn get(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?;
    let policy = params::name(turn.form, "PolicyName", 128)?;
    holder.allow(turn, name, Context::default())?;
    let (inline, _) = holder.policies(turn.account()?, name)?;
    let document = inline.get(policy).ok_or_else(|| missing(holder, policy))?;
    let mut xml = Xml::default();
    xml.text(holder.parameter(), name).text("PolicyName", policy);
    xml.text("PolicyDocument", url_encoded(&document.text));
    Ok(Some(xml))
}

pub(super) fn delete(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?.to_owned();
    let policy = params::name(turn.form, "PolicyName", 128)?.to_owned();
    holder.allow(turn, &name, Context::default())?;
    let held = holder.held(turn.account_mut()?, &name)?;
    held.inline.remove(&policy).map(|_| None).ok_or_else(|| missing(holder, &policy))
}

pub(super) fn list(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?;
    holder.allow(turn, name, Context::default())?;
    let (inline, _) = holder.policies(turn.account()?, name)?;
    let names = page(turn.form, inline.keys().map(|name| (name.clone(), name)))?;
    Ok(Some(names.write_texts("PolicyNames")))
}

fn missing(holder: Holder, policy: &str) -> crate::Fault {
    faults::not_found(&format!("{} policy", holder.word()), policy)
}
