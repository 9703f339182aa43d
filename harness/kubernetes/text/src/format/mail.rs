//! Mail addresses as Go's `net/mail` reads them: RFC 5322 without obsolete forms, UTF-8 allowed.

/// Whether the text is one address, with or without a display name.
pub(super) fn is_address(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t']);
    if let Some(rest) = spec(text) {
        return rest.trim_matches([' ', '\t']).is_empty();
    }
    // A display name: words, then the address in angle brackets.
    let mut rest = text;
    while !rest.starts_with('<') {
        let Some(after) = word(rest) else { return false };
        rest = after.trim_start_matches([' ', '\t']);
    }
    spec(&rest[1..])
        .and_then(|rest| rest.strip_prefix('>'))
        .is_some_and(|rest| rest.trim_matches([' ', '\t']).is_empty())
}

/// `local@domain` at the start of the text; what follows it.
fn spec(text: &str) -> Option<&str> {
    let rest = if text.starts_with('"') { quoted(text)? } else { dot_atom(text)? };
    let domain = rest.strip_prefix('@')?;
    match domain.strip_prefix('[') {
        None => dot_atom(domain),
        Some(literal) => {
            let (address, rest) = literal.split_once(']')?;
            let address = address.strip_prefix("IPv6:").unwrap_or(address);
            address.parse::<std::net::IpAddr>().is_ok().then_some(rest)
        }
    }
}

/// Atoms joined by single dots.
fn dot_atom(text: &str) -> Option<&str> {
    let end = text.find(|c| c != '.' && !is_atext(c)).unwrap_or(text.len());
    let (atoms, rest) = text.split_at(end);
    atoms.split('.').all(|atom| !atom.is_empty()).then_some(rest)
}

/// A word of a display name: an atom (dots are tolerated) or a quoted string.
fn word(text: &str) -> Option<&str> {
    if text.starts_with('"') {
        return quoted(text);
    }
    let end = text.find(|c| c != '.' && !is_atext(c)).unwrap_or(text.len());
    (end > 0).then(|| &text[end..])
}

/// A quoted string; what follows it. An empty one is no local part.
fn quoted(text: &str) -> Option<&str> {
    let mut chars = text[1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (at > 0).then(|| &text[at + 2..]),
            '\\' => {
                chars.next().filter(|(_, c)| !c.is_control() || *c == '\t')?;
            }
            c if c.is_control() && c != '\t' => return None,
            _ => {}
        }
    }
    None
}

fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii()
}
