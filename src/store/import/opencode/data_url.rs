//! `data:` URLs: the content of files and images inside a row (RFC 2397). Pure.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Some writers leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The content of a `data:` URL. `None` when it is another URL or its data are broken.
pub(super) fn content(url: &str) -> Option<Vec<u8>> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    if head.ends_with(";base64") { BASE64.decode(data.trim()).ok() } else { Some(unescaped(data)) }
}

/// `%41` as `A`; a per cent sign without two digits stands for itself.
fn unescaped(data: &str) -> Vec<u8> {
    let mut rest = data.as_bytes();
    let mut content = Vec::with_capacity(rest.len());
    while let [byte, behind @ ..] = rest {
        let escaped = match behind {
            [high, low, ..] if *byte == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        content.push(escaped.map_or(*byte, |(high, low)| high * 16 + low));
        rest = behind.get(if escaped.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    content
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_url_holds_bytes_or_escaped_text() {
        for (url, expected) in [
            ("data:image/png;base64,AAEC", Some(&[0, 1, 2][..])),
            ("data:;base64,AAE", Some(&[0, 1][..])),
            ("data:text/plain,a%20b%C3%A9%zz%", Some("a bé%zz%".as_bytes())),
            ("data:text/plain;base64,???", None),
            ("data:text/plain", None),
            ("file:///a", None),
        ] {
            assert_eq!(content(url).as_deref(), expected, "{url}");
        }
    }
}
