//! The clipboard of the terminal: OSC 52, which also crosses ssh.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::text::SafeText;

/// Longest text that terminals take, encoded.
const MAX_ENCODED: usize = 74_994;

/// The sequence that puts `text` on the clipboard; none when it is too long.
pub(super) fn sequence(text: &SafeText) -> Option<Vec<u8>> {
    let encoded = STANDARD.encode(text.as_str());
    (encoded.len() <= MAX_ENCODED).then(|| format!("\x1b]52;c;{encoded}\x07").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::sequence;
    use crate::text::SafeText;

    #[test]
    fn text_goes_out_encoded() {
        let bytes = sequence(&SafeText::clean("a\u{7}b")).unwrap();
        assert_eq!(bytes, "\x1b]52;c;YeKQh2I=\x07".as_bytes(), "the bell is a picture of one");
        assert_eq!(sequence(&SafeText::clean(&"x".repeat(8_000))).map(|b| b.len()), Some(10_676));
    }
}
