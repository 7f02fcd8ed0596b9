//! A tenant, as its members see it.

use serde::{Deserialize, Serialize};

use super::{CompanyId, MemberId, Time};
use crate::text::Untrusted;

/// A company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Company {
    /// Its id on this server.
    pub id: CompanyId,
    /// Its name.
    pub name: Untrusted,
    /// Its mail domain, when one is known.
    pub domain: Option<Untrusted>,
    /// Whether it is made up: a demo world.
    pub made_up: bool,
    /// Template of the link that opens a chat; `{id}` stands for the member's id.
    pub chat_link: Option<String>,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// When it was made.
    pub created: Time,
}

/// Why a chat link could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatLinkError {
    /// The template's scheme is not among https, mailto, tel and wxwork.
    #[error("the chat link's scheme must be https, mailto, tel or wxwork")]
    Scheme,
    /// The template names nobody.
    #[error("the chat link must hold {{id}}")]
    Placeholder,
}

/// Fills a company's chat link for one member. Only https, mailto, tel and wxwork links are made.
pub fn chat_link(template: &str, member: &MemberId) -> Result<String, ChatLinkError> {
    let scheme = template.split(':').next().unwrap_or_default();
    if !["https", "mailto", "tel", "wxwork"].contains(&scheme) {
        return Err(ChatLinkError::Scheme);
    }
    if !template.contains("{id}") {
        return Err(ChatLinkError::Placeholder);
    }
    // Of the characters that an id may hold only `@` has a meaning in links.
    Ok(template.replace("{id}", &member.as_str().replace('@', "%40")))
}

#[cfg(test)]
mod tests {
    use super::{ChatLinkError, chat_link};
    use crate::domain::MemberId;

    #[test]
    fn links_are_made_of_known_schemes_only() {
        let ann = MemberId::new("ann@acme").unwrap();
        assert_eq!(
            chat_link("wxwork://message?username={id}", &ann).as_deref(),
            Ok("wxwork://message?username=ann%40acme")
        );
        assert_eq!(chat_link("file:///etc/{id}", &ann), Err(ChatLinkError::Scheme));
        assert_eq!(chat_link("https://chat.example/", &ann), Err(ChatLinkError::Placeholder));
    }
}
