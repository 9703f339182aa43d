//! Reads `defaults.txt`, whose first lines describe the form.

use std::collections::BTreeMap;

use crate::{AggregationRule, Binding, GROUP, LabelSelector, PolicyRule, Role, RoleRef, Subject};

/// The label that all defaults carry.
pub(super) const LABEL: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");

/// One block of lines: a heading and what is indented under it.
enum Block {
    Role(Role),
    Binding(Binding),
}

/// All roles and all bindings, in the order of the table. A line that makes no sense is left out, which the tests would notice.
pub(super) fn parse(text: &str) -> (Vec<Role>, Vec<Binding>) {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match (line.strip_prefix("  "), blocks.last_mut()) {
            (Some(detail), Some(Block::Role(role))) => add_rule(role, detail),
            (Some(detail), Some(Block::Binding(binding))) => binding.subjects.extend(subject(detail)),
            (Some(_), None) => {}
            (None, _) => blocks.extend(heading(line)),
        }
    }
    let (mut roles, mut bindings) = (Vec::new(), Vec::new());
    for block in blocks {
        match block {
            Block::Role(role) => roles.push(role),
            Block::Binding(binding) => bindings.push(binding),
        }
    }
    (roles, bindings)
}

fn heading(line: &str) -> Option<Block> {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["ClusterRole", name, labels @ ..] => Some(Block::Role(role(None, name, labels))),
        ["Role", name, labels @ ..] => {
            let (namespace, name) = name.split_once('/')?;
            Some(Block::Role(role(Some(namespace), name, labels)))
        }
        ["ClusterRoleBinding", name, kind, role] => Some(Block::Binding(binding(None, name, kind, role))),
        ["RoleBinding", name, kind, role] => {
            let (namespace, name) = name.split_once('/')?;
            Some(Block::Binding(binding(Some(namespace), name, kind, role)))
        }
        _ => None,
    }
}

fn label(text: &str) -> Option<(String, String)> {
    text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
}

fn role(namespace: Option<&str>, name: &str, labels: &[&str]) -> Role {
    let own = (LABEL.0.to_owned(), LABEL.1.to_owned());
    Role {
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        labels: labels.iter().filter_map(|text| label(text)).chain([own]).collect(),
        ..Role::default()
    }
}

fn binding(namespace: Option<&str>, name: &str, kind: &str, role: &str) -> Binding {
    Binding {
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        subjects: Vec::new(),
        role_ref: RoleRef { api_group: GROUP.to_owned(), kind: kind.to_owned(), name: role.to_owned() },
    }
}

fn subject(line: &str) -> Option<Subject> {
    let (kind, name) = line.split_once(' ')?;
    let (namespace, name) = if kind == "ServiceAccount" { name.split_once('/')? } else { ("", name) };
    let api_group = if kind == "ServiceAccount" { "" } else { GROUP };
    Some(Subject { kind: kind.into(), api_group: api_group.into(), name: name.into(), namespace: namespace.into() })
}

fn list(column: &str) -> Vec<String> {
    column.split(',').map(|item| if item == "-" { String::new() } else { item.to_owned() }).collect()
}

fn add_rule(role: &mut Role, line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let rule = match words.as_slice() {
        ["aggregate", selector] => {
            let match_labels: BTreeMap<String, String> = label(selector).into_iter().collect();
            let selector = LabelSelector { match_labels, ..LabelSelector::default() };
            role.aggregation_rule.get_or_insert_with(AggregationRule::default).cluster_role_selectors.push(selector);
            return;
        }
        [verbs, "url", urls] => {
            PolicyRule { verbs: list(verbs), non_resource_urls: list(urls), ..PolicyRule::default() }
        }
        [verbs, groups, resources, names @ ..] => PolicyRule {
            verbs: list(verbs),
            api_groups: list(groups),
            resources: list(resources),
            resource_names: names.iter().flat_map(|names| list(names)).collect(),
            non_resource_urls: Vec::new(),
        },
        _ => return,
    };
    role.rules.push(rule);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_table_is_lost() {
        let text = include_str!("defaults.txt");
        let (roles, bindings) = parse(text);
        let headings = text.lines().filter(|line| !line.starts_with(['#', ' '])).count();
        let details = text.lines().filter(|line| line.starts_with("  ")).count();
        let selectors = roles.iter().flat_map(|r| &r.aggregation_rule).map(|a| a.cluster_role_selectors.len());
        let subjects = bindings.iter().map(|binding| binding.subjects.len());
        let rules = roles.iter().map(|role| role.rules.len());
        assert_eq!(headings, roles.len() + bindings.len());
        assert_eq!(details, selectors.chain(subjects).chain(rules).sum::<usize>());
        assert_eq!((roles.len(), bindings.len()), (68 + 7, 49 + 7));
    }
}
