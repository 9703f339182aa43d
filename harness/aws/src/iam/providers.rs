//! OpenID Connect providers.

use super::turn::{Answer, Turn, date, resource_tags};
use super::write::tags as write_tags;
use super::{faults, params};
use crate::Fault;
use crate::protocol::{Checks, Text, Xml, invalid};
use crate::world::{AccountId, Provider};
use proofmark_aws_policy::Context;
use std::collections::BTreeSet;

/// As many audiences and thumbprints as a provider may have.
const MOST_CLIENTS: usize = 100;
const MOST_THUMBPRINTS: usize = 5;

/// The ARN of the provider of an issuer.
pub(crate) fn arn_of(account: &AccountId, url: &str) -> String {
    let name = url.strip_prefix("https://").unwrap_or(url).trim_end_matches('/');
    format!("arn:aws:iam::{account}:oidc-provider/{name}")
}

fn named(turn: &Turn<'_>) -> Result<String, Fault> {
    let mut checks = Checks::of(turn.form);
    let arn = checks.need("OpenIDConnectProviderArn", params::ARN).to_owned();
    checks.done()?;
    let keys = turn.account()?.providers.get(&arn).map(|provider| resource_tags(&provider.tags));
    turn.allow(&arn, keys.unwrap_or_default())?;
    Ok(arn)
}

fn missing(arn: &str) -> Fault {
    faults::no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"))
}

fn named_mut<'a>(turn: &'a mut Turn<'_>) -> Result<&'a mut Provider, Fault> {
    let arn = named(turn)?;
    turn.account_mut()?.providers.get_mut(&arn).ok_or_else(|| missing(&arn))
}

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let mut checks = Checks::of(turn.form);
    let url = checks.need("Url", Text { min: 1, max: 255, pattern: None }).to_owned();
    for (index, client) in turn.form.list("ClientIDList").into_iter().enumerate() {
        checks.value(&format!("clientIDList.{}.member", index + 1), client, Text { min: 1, max: 255, pattern: None });
    }
    checks.done()?;
    let tags = params::tags(turn.form)?;
    let mut keys = Context::default();
    params::request_tags(&tags, &mut keys);
    check_url(&url)?;
    let url = url.trim_end_matches('/').to_owned();
    let arn = arn_of(&turn.id, &url);
    turn.allow(&arn, keys)?;
    let client_ids: BTreeSet<String> = turn.form.list("ClientIDList").into_iter().map(str::to_owned).collect();
    if client_ids.len() > MOST_CLIENTS {
        return Err(faults::quota("ClientIdsPerOpenIdConnectProvider", MOST_CLIENTS));
    }
    let thumbprints = thumbprints(turn)?;
    let created = turn.now();
    let account = turn.account_mut()?;
    if account.providers.contains_key(&arn) {
        return Err(faults::already_exists(format!("Provider with url {url} already exists.")));
    }
    let mut xml = Xml::default();
    xml.text("OpenIDConnectProviderArn", &arn);
    write_tags(&mut xml, &tags);
    account.providers.insert(arn, Provider { url, client_ids, thumbprints, created, tags });
    Ok(Some(xml))
}

fn check_url(url: &str) -> Result<(), Fault> {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let plain = !url.contains(['?', '#', ' ']) && !host.contains('@');
    if host.is_empty() || !plain {
        return Err(invalid("Invalid Open ID Connect Provider URL"));
    }
    Ok(())
}

fn thumbprints(turn: &Turn<'_>) -> Result<Vec<String>, Fault> {
    let list = turn.form.list("ThumbprintList");
    if list.len() > MOST_THUMBPRINTS {
        return Err(faults::invalid_input("Thumbprint list must contain fewer than 5 entries."));
    }
    let mut checks = Checks::of(turn.form);
    for (index, thumbprint) in list.iter().enumerate() {
        checks.value(
            &format!("thumbprintList.{}.member", index + 1),
            thumbprint,
            Text { min: 40, max: 40, pattern: None },
        );
    }
    checks.done()?;
    Ok(list.into_iter().map(str::to_ascii_lowercase).collect())
}

pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    let provider = turn.account()?.providers.get(&arn).ok_or_else(|| missing(&arn))?;
    let mut xml = Xml::default();
    // Without its scheme, as the ARN has it.
    xml.text("Url", provider.url.trim_start_matches("https://"));
    xml.texts("ClientIDList", &provider.client_ids).texts("ThumbprintList", &provider.thumbprints);
    xml.text("CreateDate", date(provider.created));
    write_tags(&mut xml, &provider.tags);
    Ok(Some(xml))
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    turn.allow(&format!("arn:aws:iam::{}:oidc-provider/*", turn.id), Context::default())?;
    let mut xml = Xml::default();
    xml.members("OpenIDConnectProviderList", turn.account()?.providers.keys(), |xml, arn| {
        xml.text("Arn", arn);
    });
    Ok(Some(xml))
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    turn.account_mut()?.providers.remove(&arn).map(|_| None).ok_or_else(|| missing(&arn))
}

pub(super) fn add_client(turn: &mut Turn<'_>) -> Answer {
    let client = turn.form.need("ClientID")?.to_owned();
    let provider = named_mut(turn)?;
    if provider.client_ids.len() >= MOST_CLIENTS && !provider.client_ids.contains(&client) {
        return Err(faults::quota("ClientIdsPerOpenIdConnectProvider", MOST_CLIENTS));
    }
    provider.client_ids.insert(client);
    Ok(None)
}

pub(super) fn remove_client(turn: &mut Turn<'_>) -> Answer {
    let client = turn.form.need("ClientID")?.to_owned();
    named_mut(turn)?.client_ids.remove(&client);
    Ok(None)
}

pub(super) fn update_thumbprints(turn: &mut Turn<'_>) -> Answer {
    let thumbprints = thumbprints(turn)?;
    if thumbprints.is_empty() {
        return Err(faults::invalid_input("Thumbprint list must contain at least one entry."));
    }
    named_mut(turn)?.thumbprints = thumbprints;
    Ok(None)
}
