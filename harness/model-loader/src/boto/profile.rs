//! `~/.aws/config` and `~/.aws/credentials`.

use crate::environment::Environment;
use crate::exception::{Exception, Result};
use crate::files::FileSystem;
use std::collections::BTreeMap;

/// The settings of one profile. Settings inside of a setting (`s3 =` and indented lines) are named `s3.addressing_style`.
pub(crate) type Profile = BTreeMap<String, String>;

/// All profiles, by name.
pub(crate) type Profiles = BTreeMap<String, Profile>;

/// Reads both files. What the credentials file says wins.
pub(crate) fn load(environment: &Environment, files: &dyn FileSystem) -> Result<Profiles> {
    let mut profiles = Profiles::new();
    let config = path(environment, "AWS_CONFIG_FILE", "~/.aws/config");
    for (section, settings) in read(files, &config)? {
        let name = match section.strip_prefix("profile ").map(|name| name.trim().trim_matches(['"', '\''])) {
            Some(name) => name,
            None if section == "default" => "default",
            None => continue,
        };
        profiles.insert(name.to_owned(), settings);
    }
    let credentials = path(environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    for (section, settings) in read(files, &credentials)? {
        profiles.entry(section).or_default().extend(settings);
    }
    Ok(profiles)
}

fn path(environment: &Environment, variable: &str, default: &str) -> String {
    let path = environment.get(variable).unwrap_or(default);
    match path.strip_prefix('~') {
        Some(rest) => format!("{}{rest}", environment.get("HOME").unwrap_or("/root")),
        None => path.to_owned(),
    }
}

/// The sections of a file; none when there is no file.
fn read(files: &dyn FileSystem, path: &str) -> Result<Vec<(String, Profile)>> {
    let Ok(bytes) = files.read(path) else { return Ok(Vec::new()) };
    parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| {
        Exception::new("botocore.exceptions.ConfigParseError", format!("Unable to parse config file: {path}"))
    })
}

fn parse(text: &str) -> Option<Vec<(String, Profile)>> {
    let mut sections: Vec<(String, Profile)> = Vec::new();
    let mut last: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if !line.starts_with([' ', '\t'])
            && let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name)
        {
            sections.push((name.trim().to_owned(), Profile::new()));
            last = None;
            continue;
        }
        let (_, settings) = sections.last_mut()?;
        match (&last, line.starts_with([' ', '\t'])) {
            (Some(outer), true) => {
                let (key, value) = trimmed.split_once('=')?;
                settings.insert(format!("{outer}.{}", key.trim().to_lowercase()), value.trim().to_owned());
            }
            _ => {
                let (key, value) = trimmed.split_once(['=', ':'])?;
                let key = key.trim().to_lowercase();
                settings.insert(key.clone(), value.trim().to_owned());
                last = Some(key);
            }
        }
    }
    Some(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_hold_settings_and_settings_of_settings() {
        let sections =
            parse("# note\n[profile a]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n[default]\nx: y\n")
                .unwrap();
        assert_eq!(sections[0].0, "profile a");
        assert_eq!(sections[0].1["s3.addressing_style"], "path");
        assert_eq!(sections[1].1["x"], "y");
        assert!(parse("region = x").is_none());
        assert!(parse("[a]\nno setting").is_none());
    }
}
