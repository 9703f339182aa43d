//! String formats that Kubernetes enforces, each as its validator takes it (quirks included).
//!
//! Source: `k8s.io/kube-openapi/pkg/validation/strfmt` and the list of formats in `apiextensions-apiserver/pkg/apiserver/validation`,
//! release 1.35 (compatibility version 1.34). Formats that are not in the list are ignored.

mod code;
mod mail;
mod net;
mod time;

/// An enforced format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `bsonobjectid`: 24 hexadecimal digits
    BsonObjectId,
    /// `uri`: what Go's `url.ParseRequestURI` takes
    Uri,
    /// `email`: what Go's `mail.ParseAddress` takes, display names included
    Email,
    /// `hostname`
    Hostname,
    /// `ipv4`: leading zeros allowed
    Ipv4,
    /// `ipv6`
    Ipv6,
    /// `cidr`: of either family
    Cidr,
    /// `mac`: 6, 8 or 20 octets
    Mac,
    /// `uuid`, or one of `uuid3`, `uuid4`, `uuid5`
    Uuid(Option<u8>),
    /// `isbn` of either length
    Isbn,
    /// `isbn10`
    Isbn10,
    /// `isbn13`
    Isbn13,
    /// `creditcard`
    CreditCard,
    /// `ssn`
    Ssn,
    /// `hexcolor`
    HexColor,
    /// `rgbcolor`
    RgbColor,
    /// `byte`: base64
    Byte,
    /// `password`: anything
    Password,
    /// `date`
    Date,
    /// `duration`: Go's, or Scala's
    Duration,
    /// `date-time`
    DateTime,
    /// `k8s-short-name`: a lowercase label
    ShortName,
    /// `k8s-long-name`: lowercase labels with dots
    LongName,
}

impl Format {
    /// The format of that name; dashes do not count. None for formats that are not enforced.
    pub fn find(name: &str) -> Option<Self> {
        Some(match name.replace('-', "").as_str() {
            "bsonobjectid" => Self::BsonObjectId,
            "uri" => Self::Uri,
            "email" => Self::Email,
            "hostname" => Self::Hostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "cidr" => Self::Cidr,
            "mac" => Self::Mac,
            "uuid" => Self::Uuid(None),
            "uuid3" => Self::Uuid(Some(3)),
            "uuid4" => Self::Uuid(Some(4)),
            "uuid5" => Self::Uuid(Some(5)),
            "isbn" => Self::Isbn,
            "isbn10" => Self::Isbn10,
            "isbn13" => Self::Isbn13,
            "creditcard" => Self::CreditCard,
            "ssn" => Self::Ssn,
            "hexcolor" => Self::HexColor,
            "rgbcolor" => Self::RgbColor,
            "byte" => Self::Byte,
            "password" => Self::Password,
            "date" => Self::Date,
            "duration" => Self::Duration,
            "datetime" => Self::DateTime,
            "k8sshortname" => Self::ShortName,
            "k8slongname" => Self::LongName,
            _ => return None,
        })
    }

    /// Whether the text is of this format.
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::BsonObjectId => text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()),
            Self::Uri => crate::url::Url::parse_request(text).is_ok(),
            Self::Email => mail::is_address(text),
            Self::Hostname => net::is_hostname(text),
            Self::Ipv4 => text.contains('.') && net::is_ip_with_zeros(text),
            Self::Ipv6 => text.contains(':') && text.parse::<std::net::Ipv6Addr>().is_ok(),
            Self::Cidr => net::is_cidr(text),
            Self::Mac => net::is_mac(text),
            Self::Uuid(version) => code::is_uuid(text, version),
            Self::Isbn => code::is_isbn10(text) || code::is_isbn13(text),
            Self::Isbn10 => code::is_isbn10(text),
            Self::Isbn13 => code::is_isbn13(text),
            Self::CreditCard => code::is_credit_card(text),
            Self::Ssn => code::is_ssn(text),
            Self::HexColor => code::is_hex_color(text),
            Self::RgbColor => code::is_rgb_color(text),
            Self::Byte => code::is_base64(text),
            Self::Password => true,
            Self::Date => time::is_date(text),
            Self::Duration => time::is_duration(text),
            Self::DateTime => time::is_date_time(text),
            Self::ShortName => text.len() <= 63 && net::is_label(text),
            Self::LongName => text.len() <= 253 && text.split('.').all(net::is_label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn each_format_takes_and_refuses() {
        let cases: [(&str, &[&str], &[&str]); 24] = [
            ("bsonobjectid", &["507f1f77bcf86cd799439011"], &["507f", "507f1f77bcf86cd79943901g"]),
            (
                "uri",
                &["http://a/b?c#d", "/abs/dir", "mailto:a@b", "xyz://h", "http://[::1]:80/"],
                &["", "a", "./a", "http://a b/", "http://h:p/", "/%zz", ":x"],
            ),
            (
                "email",
                &["a@b", "A B <a@b.c>", "\"q x\"@y.z", "a.b+c@d.e"],
                &["a", "a@", "@b", "a b@c", "a@b c", "a..b@c", "<a@b"],
            ),
            (
                "hostname",
                &["a", "example.com", "a-b.example.com", "localhost", "ünï.de"],
                &["", "a_b", "-a.com", "a-.com", "a.1", "my-host", "a."],
            ),
            ("ipv4", &["1.2.3.4", "010.1.1.1", "::ffff:1.2.3.4"], &["1.2.3", "1.2.3.256", "::1", "1.2.3.4.5"]),
            ("ipv6", &["::1", "fe80::1", "::ffff:1.2.3.4"], &["1.2.3.4", ":::", "fe80::1%eth0"]),
            ("cidr", &["10.0.0.0/8", "::/0", "010.0.0.0/08"], &["10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/-1"]),
            (
                "mac",
                &["01:23:45:67:89:ab", "01-23-45-67-89-ab-cd-ef", "0123.4567.89ab"],
                &["01:23", "01:23:45:67:89-ab", "0123.4567.89"],
            ),
            (
                "uuid",
                &["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"],
                &["123e4567", "x23e4567-e89b-12d3-a456-426614174000"],
            ),
            (
                "uuid4",
                &["123e4567-e89b-42d3-a456-426614174000"],
                &["123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-42d3-0456-426614174000"],
            ),
            ("uuid3", &["123e4567-e89b-32d3-0456-426614174000"], &["123e4567-e89b-42d3-a456-426614174000"]),
            ("isbn", &["3836221195", "978-4-87311-368-5"], &["123", ""]),
            ("isbn10", &["3 401 01319 X"], &["3423214121", "9784873113685"]),
            ("isbn13", &["978 3401013190"], &["3836221195", "9784873113686"]),
            ("creditcard", &["4220-8554-2622-2389", "374953669708156"], &["4220855426213389", "x", "30190239451016"]),
            ("ssn", &["111-11-1111", "111 11 1111"], &["111111111", "1"]),
            ("hexcolor", &["#f00", "CCccCC"], &["#ff", "#ff12FG"]),
            (
                "rgbcolor",
                &["rgb(0,31,255)", "rgb(0,  31, 255)"],
                &["rgb(1,349,275)", "rgb(01,31,255)", "rgba(0,31,255)"],
            ),
            ("byte", &["YQ==", "YWI=", "YWJj"], &["", "YQ", "YQ=", "Y-_=", "===="]),
            ("date", &["2024-02-29"], &["2023-02-29", "2024-2-9", "2024-02-29T00:00:00Z"]),
            (
                "date-time",
                &["2024-02-29T23:59:59Z", "2024-02-29t01:02:03.5+01:00"],
                &["2024-02-29", "2024-02-29T24:00:00Z", "2024-02-29T01:02:03", "now"],
            ),
            ("duration", &["1h", "1.5h", "0", "22 ns", "3 days", "-1.h", "1μs"], &["", "h", "1", "1 x", "PD"]),
            ("k8s-short-name", &["a-b"], &["A", "a.b", "-a"]),
            ("k8s-long-name", &["a-b.c"], &["A..b", "a.", ""]),
        ];
        for (name, good, bad) in cases {
            let format = Format::find(name).unwrap_or(Format::Password);
            for text in good {
                assert!(format.accepts(text), "{name} takes {text:?}");
            }
            for text in bad {
                assert!(!format.accepts(text), "{name} refuses {text:?}");
            }
        }
    }

    #[test]
    fn other_formats_are_not_enforced() {
        for name in ["int32", "int64", "float", "double", "binary", "quantity", ""] {
            assert_eq!(Format::find(name), None);
        }
    }
}
