//! What the pages are made of. Everything shown is [`SafeText`]; the templates escape it for HTML.

use askama::Template;

use super::voice::Voice;
use crate::i18n::Text;
use crate::text::SafeText;

/// The namecard, with the question what it is about.
#[derive(Template)]
#[template(path = "card.html", config = "assets/pages/askama.toml")]
pub(super) struct Card {
    pub(super) w: Voice,
    pub(super) name: SafeText,
    pub(super) title: Option<SafeText>,
    pub(super) company: SafeText,
    pub(super) phones: Vec<SafeText>,
    pub(super) emails: Vec<SafeText>,
    pub(super) path: String,
    pub(super) local_only: bool,
}

/// A heading and some sentences.
#[derive(Template)]
#[template(path = "message.html", config = "assets/pages/askama.toml")]
pub(super) struct Message {
    pub(super) w: Voice,
    pub(super) title: SafeText,
    pub(super) lines: Vec<SafeText>,
    pub(super) back: Option<String>,
}

/// The form.
#[derive(Template)]
#[template(path = "form.html", config = "assets/pages/askama.toml")]
pub(super) struct Form {
    pub(super) w: Voice,
    pub(super) name: SafeText,
    pub(super) company: SafeText,
    pub(super) days: SafeText,
    pub(super) path: String,
    pub(super) notice: Option<Text>,
    pub(super) fields: Vec<Field>,
    pub(super) form: String,
}

/// A field of the form.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: Text,
    pub(super) kind: &'static str,
    pub(super) autocomplete: &'static str,
    pub(super) max: usize,
    pub(super) long: bool,
    pub(super) optional: bool,
    pub(super) value: SafeText,
    pub(super) error: Option<Text>,
}

/// The requester's private page.
#[derive(Template)]
#[template(path = "status.html", config = "assets/pages/askama.toml")]
pub(super) struct Status {
    pub(super) w: Voice,
    pub(super) name: SafeText,
    pub(super) title: Option<SafeText>,
    pub(super) company: SafeText,
    pub(super) state: SafeText,
    pub(super) why: SafeText,
    pub(super) reason: Option<SafeText>,
    pub(super) pending: bool,
    pub(super) approved: bool,
    /// What the approver asked, and whether an answer is waited for.
    pub(super) question: Option<SafeText>,
    /// Who takes over, and until when they may be refused.
    pub(super) handover: Option<SafeText>,
    pub(super) link: String,
    pub(super) path: String,
}
