//! Keys and tokens. The database holds only hashes of tokens, and none of the keys.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::domain::CardId;

/// A 32-byte hash.
pub(crate) type Hash = [u8; 32];

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Bytes from the operating system's random source.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// The key from which codes, forms and status links are made. Lies in a file of its own, outside the
/// database, so that a copy of the database alone opens no card.
#[derive(Clone)]
pub struct CardKey(Hash);

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardKey(redacted)")
    }
}

impl CardKey {
    /// Takes 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a new key.
    pub fn random() -> Result<Self, getrandom::Error> {
        random().map(Self)
    }

    /// The bytes, to be written to their file.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256 over `parts`, each preceded by its length, under a purpose of its own.
    pub(crate) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Hash {
        // A key of any length is accepted; the error type is uninhabited in practice.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The token of one generation of a card: 128 bits in 26 Crockford characters.
    pub(crate) fn card_token(&self, card: &CardId, generation: i64) -> String {
        crockford(&self.mac("card", &[card.as_str().as_bytes(), &generation.to_be_bytes()]))
    }

    /// The token of a status page, made from the form that led to it: the same form leads to the same page.
    pub(crate) fn status_token(&self, card: &CardId, form: &[u8]) -> String {
        crockford(&self.mac("status", &[card.as_str().as_bytes(), form]))
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two byte strings are equal, in a time that does not tell where they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y)) == 0
}

/// The first 128 bits as 26 characters of Crockford's base 32.
fn crockford(hash: &Hash) -> String {
    let bits = hash.iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    // An id is two characters of prefix and the same 26 characters.
    CardId::from_bits(bits).as_str().trim_start_matches(CardId::PREFIX).to_owned()
}

/// A token as typed by a person or a scanner: upper case, look-alikes unified. None when it cannot be one.
pub(crate) fn normalise_token(typed: &str) -> Option<String> {
    if typed.len() != 26 {
        return None;
    }
    typed
        .chars()
        .map(|c| match c.to_ascii_uppercase() {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            c if c.is_ascii() && crate::domain::CROCKFORD.contains(&(c as u8)) => Some(c),
            _ => None,
        })
        .collect()
}

/// A secret that is handed out once: 256 random bits, base64url, and a checksum that lets scanners
/// recognise it and typing errors fail early.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A signed-in member.
    Session,
    /// A member's program or terminal, issued by an admin or the operator.
    Access,
    /// The server's own.
    Operator,
}

impl TokenKind {
    const ALL: [Self; 3] = [Self::Session, Self::Access, Self::Operator];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "nc_ses_",
            Self::Access => "nc_pat_",
            Self::Operator => "nc_adm_",
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.0.get(..7).unwrap_or_default();
        write!(f, "{prefix}…redacted")
    }
}

impl Token {
    /// Draws a new token.
    pub fn random(kind: TokenKind) -> Result<Self, getrandom::Error> {
        let body = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let check = checksum(&body);
        Ok(Self(format!("{}{body}{check}", kind.prefix())))
    }

    /// Reads a token; none when its form or checksum is wrong.
    pub fn parse(text: &str) -> Option<(TokenKind, Self)> {
        let kind = TokenKind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
        let rest = text.strip_prefix(kind.prefix())?;
        let (body, check) = (rest.get(..43)?, rest.get(43..)?);
        (checksum(body) == check).then(|| (kind, Self(text.to_owned())))
    }

    /// The token itself, to be handed out or sent.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the database keeps.
    pub(crate) fn hash(&self) -> Hash {
        sha256(self.0.as_bytes())
    }
}

/// CRC-32 in six digits of base 62.
fn checksum(body: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = crc32fast::hash(body.as_bytes()) as usize;
    let mut text = [b'0'; 6];
    for place in text.iter_mut().rev() {
        *place = DIGITS.get(crc % 62).copied().unwrap_or(b'0');
        crc /= 62;
    }
    text.iter().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::{CardKey, Token, TokenKind, normalise_token};
    use crate::domain::CardId;

    #[test]
    fn tokens_carry_256_bits_and_check_themselves() {
        let token = Token::random(TokenKind::Session).unwrap();
        assert_eq!(token.expose().len(), 7 + 43 + 6);
        assert_eq!(Token::parse(token.expose()), Some((TokenKind::Session, token.clone())));
        let mut wrong = token.expose().to_owned();
        let last = if wrong.pop() == Some('a') { 'b' } else { 'a' };
        wrong.push(last);
        assert_eq!(Token::parse(&wrong), None);
        assert_eq!(Token::parse("nc_ses_"), None);
        assert_eq!(format!("{token:?}"), "nc_ses_…redacted");
    }

    #[test]
    fn card_tokens_follow_from_key_card_and_generation() {
        let key = CardKey::new([7; 32]);
        let card = CardId::from_bits(1);
        let token = key.card_token(&card, 1);
        assert_eq!(token.len(), 26);
        assert_eq!(token, key.card_token(&card, 1));
        assert_ne!(token, key.card_token(&card, 2));
        assert_ne!(token, CardKey::new([8; 32]).card_token(&card, 1));
        assert_ne!(token, key.status_token(&card, &1_i64.to_be_bytes()));
        assert_eq!(normalise_token(&token.to_lowercase()), Some(token));
        assert_eq!(normalise_token("7Q2M9K4TZR8VPQ1SWN5YB3XEU1"), None);
    }
}
