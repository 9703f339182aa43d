//! `$(NAME)` in commands, arguments and values of variables (`third_party/forked/golang/expansion`).

use std::collections::BTreeMap;

/// Replaces references to variables; unknown ones stay as they are, `$$` is a dollar sign.
pub(super) fn expand(text: &str, variables: &[&BTreeMap<String, String>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(more) = after.strip_prefix('$') {
            out.push('$');
            rest = more;
        } else if let Some((name, more)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match variables.iter().find_map(|known| known.get(name)) {
                Some(value) => out.push_str(value),
                None => {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
            }
            rest = more;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let own = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "$(A)".to_owned())]);
        let links = BTreeMap::from([("A".to_owned(), "9".to_owned()), ("HOST".to_owned(), "h".to_owned())]);
        for (text, want) in [
            ("$(A)-$(B)", "1-$(A)"),
            ("$(HOST):$(NONE)", "h:$(NONE)"),
            ("$$(A) $$", "$(A) $"),
            ("$(A", "$(A"),
            ("$A $", "$A $"),
            ("", ""),
        ] {
            assert_eq!(expand(text, &[&own, &links]), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "[$()A-C é]{0,20}") {
            let _ = expand(&text, &[&BTreeMap::new()]);
        }

        #[test]
        fn doubled_dollars_stand_for_themselves(text in "[a-z$()]{0,20}") {
            proptest::prop_assert_eq!(expand(&text.replace('$', "$$"), &[&BTreeMap::new()]), text);
        }
    }
}
