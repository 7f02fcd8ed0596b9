//! What looks like what: names, domains and scripts as the eye takes them.

use unicode_security::confusable_detection::skeleton;
use unicode_security::restriction_level::{RestrictionLevel, RestrictionLevelDetection as _};

use crate::search::fold;

/// A text as the eye takes it: letters that are drawn alike are one (Unicode UTS 39, skeleton). Case and
/// marks that are not seen do not count.
pub(crate) fn look_of(text: &str) -> String {
    fold(&skeleton(&fold(text)).collect::<String>())
}

/// Whether one domain could be taken for another one: drawn alike, or with one letter more, less or other.
pub(crate) fn looks_like(domain: &str, known: &str) -> bool {
    // Short names are one letter apart by chance.
    const LONG_ENOUGH: usize = 6;
    let name = |domain: &str| domain.split('.').next().unwrap_or_default().chars().count();
    look_of(domain) == look_of(known)
        || digits_as_letters(domain) == digits_as_letters(known)
        || (name(known) >= LONG_ENOUGH && crate::text::distance(domain, known) == 1)
}

/// Digits that are put for letters as the letters: `b1uewave` is `bluewave`.
fn digits_as_letters(domain: &str) -> String {
    let letters = domain.chars().map(|c| match c {
        '0' => 'o',
        '1' | 'i' => 'l',
        '3' => 'e',
        '5' => 's',
        c => c,
    });
    letters.collect::<String>().replace("rn", "m").replace("vv", "w")
}

/// Whether scripts stand together that are not written together: beyond what UTS 39 calls highly
/// restrictive, which knows Latin with Han, Kana, Bopomofo and Hangul.
pub(crate) fn is_mixed(text: &str) -> bool {
    let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
    letters.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
}

/// Whether a text holds a link.
pub(crate) fn has_link(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["http://", "https://", "www."].iter().any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::{has_link, is_mixed, look_of, looks_like};

    #[test]
    fn what_is_drawn_alike_is_alike() {
        assert_eq!(look_of("Ann Lee"), look_of("Аnn Lее"), "Cyrillic letters");
        assert_eq!(look_of("paypal"), look_of("PAYPAL"));
        assert_ne!(look_of("Ann Lee"), look_of("Ann Leo"));
        assert_eq!(look_of("张伟"), look_of("张伟"));
    }

    #[test]
    fn domains_that_could_be_taken_for_others() {
        assert!(looks_like("b1uewave.example", "bluewave.example"));
        assert!(looks_like("bluewavee.example", "bluewave.example"));
        assert!(looks_like("bluevvave.example", "bluewave.example"));
        assert!(!looks_like("acme.example", "acne.example"), "short names are one letter apart by chance");
        assert!(!looks_like("northgrid.example", "bluewave.example"));
    }

    #[test]
    fn scripts_that_are_not_written_together() {
        assert!(is_mixed("Аnn Lee") && !is_mixed("Анна Ли") && !is_mixed("张伟 Zhang Wei"));
        assert!(!is_mixed("田中 タナカ tanaka") && !is_mixed("김 Kim") && !is_mixed("O'Brien-Smith 3"));
        assert!(has_link("see HTTPS://x.example") && !has_link("a.b"));
    }
}
