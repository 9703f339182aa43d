//! Command lines as people type them.

/// A word as a POSIX shell reads it.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | '@' | '+' | ',');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let table = [("0.14.1", "0.14.1"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("", "''")];
        for (word, quoted) in table {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
