//! `mimetypes.guess_type`: what a file's name says about its content.

use crate::python;

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guess {
    /// The media type. Types that make no difference to a loader are all `application/octet-stream`.
    pub(crate) media_type: Option<&'static str>,
    /// How the content is compressed.
    pub(crate) encoding: Option<&'static str>,
}

/// Suffixes that stand for two.
const SUFFIXES: [(&str, &str); 6] = [
    (".svgz", ".svg.gz"),
    (".tgz", ".tar.gz"),
    (".taz", ".tar.gz"),
    (".tz", ".tar.gz"),
    (".tbz2", ".tar.bz2"),
    (".txz", ".tar.xz"),
];

/// Suffixes of compression; their case counts.
const ENCODINGS: [(&str, &str); 5] =
    [(".gz", "gzip"), (".Z", "compress"), (".bz2", "bzip2"), (".xz", "xz"), (".br", "br")];

/// Suffixes that Python 3.11 knows a type for.
const KNOWN: &str = " js mjs json webmanifest doc dot wiz nq nt bin a dll exe o obj so oda pdf p7c ps ai eps trig m3u m3u8 xls xlb ppt pot ppa pps \
    pwz wasm bcpio cpio csh dvi gtar hdf h5 latex mif cdf nc p12 pfx ram pyc pyo rpm rtf sh shar swf sv4cpio sv4crc tcl tex texi texinfo roff t tr man me ms \
    ustar src xsl rdf wsdl xpdl 3gp 3gpp 3g2 3gpp2 aac adts loas ass au snd mp3 mp2 opus aif aifc aiff ra wav avif bmp gif ief jpg jpe jpeg heic heif \
    png svg tiff tif ico ras pnm pbm pgm ppm rgb xbm xpm xwd eml mht mhtml nws css csv html htm n3 txt bat c h ksh pl srt rtx tsv vtt py etx sgm sgml vcf \
    xml mp4 mpeg m1v mpa mpe mpg mov qt webm avi movie zip tar xul ";

fn splitext(path: &str) -> (&str, &str) {
    let name = python::basename(path);
    let dots = name.len() - name.trim_start_matches('.').len();
    match name.rfind('.') {
        Some(at) if at >= dots && at > 0 => path.split_at(path.len() - name.len() + at),
        _ => (path, ""),
    }
}

/// What a name or a URL's path says about its content.
pub(crate) fn guess(name: &str) -> Guess {
    // A scheme in front is no part of the name.
    let name = match name.split_once(':') {
        Some((scheme, rest)) if !scheme.is_empty() && !scheme.contains('/') => rest,
        _ => name,
    };
    let (base, mut extension) = splitext(name);
    let mut base = base.to_owned();
    let mut extended;
    while let Some((_, two)) = SUFFIXES.into_iter().find(|(suffix, _)| suffix.eq_ignore_ascii_case(extension)) {
        extended = format!("{base}{two}");
        let (front, back) = splitext(&extended);
        base = front.to_owned();
        // The suffixes of suffixes are all constants.
        extension = ENCODINGS.into_iter().map(|(suffix, _)| suffix).find(|suffix| *suffix == back).unwrap_or("");
    }
    let encoding = ENCODINGS.into_iter().find(|(suffix, _)| *suffix == extension).map(|(_, encoding)| encoding);
    let extension = if encoding.is_some() { splitext(&base).1 } else { extension };
    let extension = extension.trim_start_matches('.').to_ascii_lowercase();
    let media_type = match extension.as_str() {
        "" => None,
        "tar" => Some("application/x-tar"),
        "zip" => Some("application/zip"),
        extension => {
            KNOWN.split_ascii_whitespace().any(|known| known == extension).then_some("application/octet-stream")
        }
    };
    Guess { media_type, encoding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_say_what_they_say_to_python() {
        for (name, media_type, encoding) in [
            ("m/model.tar.gz", Some("application/x-tar"), Some("gzip")),
            ("model.tgz", Some("application/x-tar"), Some("gzip")),
            ("model.TGZ", Some("application/x-tar"), Some("gzip")),
            ("MODEL.TAR.GZ", None, None),
            ("model.tar.bz2", Some("application/x-tar"), Some("bzip2")),
            ("MODEL.ZIP", Some("application/zip"), None),
            ("model.zip.gz", Some("application/zip"), Some("gzip")),
            ("model.gz", None, Some("gzip")),
            (".tar", None, None),
            ("model.joblib", None, None),
            ("model.json", Some("application/octet-stream"), None),
            ("file=model.tar.gz", Some("application/x-tar"), Some("gzip")),
            ("tar", None, None),
        ] {
            assert_eq!(guess(name), Guess { media_type, encoding }, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_can_be_guessed(name in ".*") {
            guess(&name);
        }
    }
}
