//! What a container is started with.

/// `--name=value` or `--name value`; the last one counts.
pub(crate) fn option(args: &[String], name: &str) -> Option<String> {
    let mut found = None;
    for (at, arg) in args.iter().enumerate() {
        let Some(rest) = arg.strip_prefix("--").and_then(|arg| arg.strip_prefix(name)) else { continue };
        match rest.strip_prefix('=') {
            Some(value) => found = Some(value.to_owned()),
            None if rest.is_empty() => found = args.get(at + 1).cloned().or(found),
            None => {}
        }
    }
    found
}

/// `--name` or `--name=true`; the last one counts.
pub(crate) fn switch(args: &[String], name: &str) -> bool {
    let mut values = args.iter().filter_map(|arg| arg.strip_prefix("--")?.strip_prefix(name));
    values.rfind(|rest| rest.is_empty() || rest.starts_with('=')).is_some_and(|rest| matches!(rest, "" | "=true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_with_and_without_an_equals_sign() {
        let args = ["--model_name=a", "--model_dir", "/m", "--model_names=x", "--model_name", "b", "--http_port"];
        let args = args.map(str::to_owned);
        assert_eq!(option(&args, "model_name").as_deref(), Some("b"));
        assert_eq!(option(&args, "model_dir").as_deref(), Some("/m"));
        assert_eq!(option(&args, "http_port"), None);
    }

    #[test]
    fn switches_are_on_by_themselves() {
        let args = ["--pull", "--log=true", "--batch", "--batch=false", "--probes"].map(str::to_owned);
        let on = ["pull", "log", "batch", "probe"].map(|name| switch(&args, name));
        assert_eq!(on, [true, true, false, false]);
    }
}
