//! What a rule may set: one table, from which the reader of policies, the example, the explanations and
//! the tests are made.

use std::collections::BTreeSet;
use std::fmt;

/// A thing that the policy decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Setting {
    /// Who has the external permission.
    External,
    /// By which ways a request may cross the boundary.
    Channels,
    /// From how many requests of a day on a manager of the asking side approves too.
    ManagerOut,
    /// From how many approvals of a day on a manager of the asked side approves too.
    ManagerIn,
    /// Whether people with an address of a mail provider may connect.
    PersonalAddresses,
    /// Mail domains that alone are let in.
    AllowedDomains,
    /// Mail domains that are kept out.
    BlockedDomains,
    /// Whether only people of companies that are known may connect.
    VerifiedOnly,
    /// Contacts of one member.
    ContactLimit,
    /// Requests that one member sends a day.
    RequestsPerDay,
    /// Requests of one member that nobody has answered yet.
    OpenRequests,
    /// Days after a refusal before the same two people may ask again.
    Cooldown,
    /// Whether a purpose has to be given.
    Purpose,
    /// Whether requests are taken.
    Accepts,
    /// Whether people of linked companies need no approval.
    AutoApprovePartners,
    /// Days that a request waits for its target.
    RequestDays,
    /// Days that it then waits for a manager.
    ManagerDays,
    /// Seconds during which a decision can be taken back.
    UndoSeconds,
    /// Whether colleagues see who of them knows somebody outside.
    WhoKnows,
    /// Days that the code of a printed card lives.
    PrintedCardDays,
    /// Days that the code before a rotation goes on living.
    PrintedCardGraceDays,
    /// Days that the card of an event lives.
    EventCardDays,
    /// Hours that a code shown on a screen lives.
    ScreenCardHours,
    /// Printed cards of one member.
    PrintedCards,
    /// What a card may show besides name, title and company.
    CardFields,
    /// Tags that the company offers for contacts.
    CompanyTags,
    /// Whether somebody is hidden from colleagues.
    Hidden,
    /// Whether somebody sees their own departments only.
    OwnDepartmentOnly,
    /// Fields of somebody that colleagues do not see.
    HiddenFields,
    /// How much of the directory a client keeps.
    OfflineCache,
    /// For how many days.
    OfflineDays,
    /// Rows of one export.
    ExportMax,
    /// Days after its end for which a request keeps its texts.
    RetentionTextDays,
    /// Days after its end for which a request is kept at all.
    RetentionDays,
    /// The link that opens a chat with a colleague.
    ChatLink,
}

/// What a setting takes, and which of two values is the stricter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// True or false; the stricter one.
    Switch { strict: bool },
    /// A number in a range; `none` is the word for no bound, `zero` one for nought.
    Count { least: u32, most: u32, none: Option<&'static str>, zero: Option<&'static str>, strict: Strict },
    /// Some of these words.
    Words { known: &'static [&'static str], strict: Strict },
    /// Tags: texts as `domain::tag` takes them, at most 100; of two lists, what both hold.
    Tags,
    /// Names of mail domains.
    Domains { strict: Strict },
    /// One of these words, the stricter ones later.
    Choice { known: &'static [&'static str] },
    /// A link with `{id}` in it.
    Link,
}

/// Which way strictness goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strict {
    /// The smaller number; only what both lists hold.
    Less,
    /// The larger number; what either list holds.
    More,
}

/// Where a setting may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Levels {
    /// For the company, a department or a member.
    Any,
    /// For the company only.
    Company,
    /// For the company or a department.
    NoMember,
    /// For a department or a member.
    NoCompany,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) setting: Setting,
    /// As it is written in a policy.
    pub(crate) name: &'static str,
    /// Id of the built-in rule.
    pub(crate) rule: &'static str,
    pub(crate) kind: Kind,
    pub(crate) levels: Levels,
    /// The built-in value as it would be written.
    pub(crate) built_in: &'static str,
}

const YES: Kind = Kind::Switch { strict: true };
const NO: Kind = Kind::Switch { strict: false };

const fn days(least: u32, most: u32, strict: Strict) -> Kind {
    Kind::Count { least, most, none: None, zero: None, strict }
}

const fn at_most(most: u32) -> Kind {
    Kind::Count { least: 0, most, none: Some("unlimited"), zero: None, strict: Strict::Less }
}

const MANAGER: Kind =
    Kind::Count { least: 0, most: 1_000, none: Some("never"), zero: Some("always"), strict: Strict::Less };

/// The ways across the boundary.
pub(crate) const CHANNELS: &[&str] = &["partner", "namecard", "introduction"];
/// What a card may show.
pub(crate) const CARD_FIELDS: &[&str] = &["phone", "email"];
/// Fields that can be hidden from colleagues.
pub(crate) const FIELDS: &[&str] = &["mobile", "phone", "email", "office", "title", "manager", "attributes"];

macro_rules! table {
    ($($setting:ident $name:literal $rule:literal $levels:ident $built_in:literal $kind:expr;)*) => {
        /// Every setting, in the order of the explanations.
        pub(crate) const TABLE: &[Spec] = &[$(Spec {
            setting: Setting::$setting, name: $name, rule: $rule, kind: $kind, levels: Levels::$levels,
            built_in: $built_in,
        }),*];
    };
}

table! {
    External "external" "EXT-01" Any "true" NO;
    Channels "channels" "EXT-02" Any "[\"partner\", \"namecard\", \"introduction\"]"
        Kind::Words { known: CHANNELS, strict: Strict::Less };
    ManagerOut "manager_out" "EXT-17" Any "\"never\"" MANAGER;
    ManagerIn "manager_in" "EXT-18" Any "\"never\"" MANAGER;
    PersonalAddresses "personal_addresses" "EXT-05" Any "true" NO;
    AllowedDomains "allowed_domains" "EXT-19" Any "[]" Kind::Domains { strict: Strict::Less };
    BlockedDomains "blocked_domains" "EXT-06" Any "[]" Kind::Domains { strict: Strict::More };
    VerifiedOnly "verified_only" "EXT-07" Any "false" YES;
    ContactLimit "contact_limit" "EXT-08" Any "5000" at_most(100_000);
    RequestsPerDay "requests_per_day" "EXT-09" Any "20" at_most(10_000);
    OpenRequests "open_requests" "EXT-10" Any "50" at_most(10_000);
    Cooldown "cooldown_days" "EXT-11" Any "30" days(0, 3_650, Strict::More);
    Purpose "purpose" "EXT-16" Any "true" YES;
    Accepts "accepts" "EXT-20" Any "true" NO;
    AutoApprovePartners "auto_approve_partners" "EXT-21" Any "false" NO;
    RequestDays "request_days" "APR-03" Any "30" days(1, 365, Strict::Less);
    ManagerDays "manager_days" "APR-04" Any "7" days(1, 90, Strict::Less);
    UndoSeconds "undo_seconds" "APR-05" Any "10" days(0, 3_600, Strict::More);
    WhoKnows "who_knows" "EXT-22" Any "true" NO;
    PrintedCardDays "printed_card_days" "CRD-01" Any "365" days(1, 365, Strict::Less);
    PrintedCardGraceDays "printed_card_grace_days" "CRD-02" Any "7" days(0, 30, Strict::Less);
    EventCardDays "event_card_days" "CRD-03" Any "30" days(1, 30, Strict::Less);
    ScreenCardHours "screen_card_hours" "CRD-04" Any "24" days(1, 24, Strict::Less);
    PrintedCards "printed_cards" "CRD-05" Any "5" days(0, 5, Strict::Less);
    CardFields "card_fields" "CRD-06" Any "[\"phone\", \"email\"]"
        Kind::Words { known: CARD_FIELDS, strict: Strict::Less };
    CompanyTags "company_tags" "TAG-01" Any "[]" Kind::Tags;
    Hidden "hidden" "DIR-01" NoCompany "false" YES;
    OwnDepartmentOnly "own_department_only" "DIR-02" Any "false" YES;
    HiddenFields "hidden_fields" "DIR-03" Any "[]" Kind::Words { known: FIELDS, strict: Strict::More };
    OfflineCache "offline_cache" "OFF-01" Any "\"full\"" Kind::Choice { known: &["full", "minimal", "memory"] };
    OfflineDays "offline_days" "OFF-02" Any "7" days(1, 30, Strict::Less);
    ExportMax "export_max" "EXP-01" Any "\"unlimited\"" at_most(1_000_000);
    RetentionTextDays "retention_text_days" "RET-01" Company "30" days(1, 3_650, Strict::Less);
    RetentionDays "retention_days" "RET-02" Company "180" days(1, 3_650, Strict::Less);
    ChatLink "chat_link" "CHT-01" NoMember "\"wxwork://message?username={id}\"" Kind::Link;
}

impl Setting {
    /// Its line of the table.
    pub(crate) fn spec(self) -> &'static Spec {
        // Every setting has a line: a test looks.
        TABLE.iter().find(|spec| spec.setting == self).unwrap_or(&MISSING)
    }

    /// The setting of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Spec> {
        TABLE.iter().find(|spec| spec.name == name)
    }
}

const MISSING: Spec =
    Spec { setting: Setting::External, name: "", rule: "", kind: NO, levels: Levels::Any, built_in: "false" };

/// A value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Yes or no.
    Switch(bool),
    /// A number; none is no bound.
    Count(Option<u32>),
    /// Words or domains.
    Words(BTreeSet<String>),
    /// The place of a word in the list of the choice.
    Choice(usize),
    /// A text.
    Text(String),
}

impl Kind {
    /// What is taken, in signs that need no translation.
    pub(crate) fn takes(self) -> String {
        let quoted = |words: &[&str], between: &str| {
            words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(between)
        };
        match self {
            Self::Switch { .. } => "true | false".to_owned(),
            Self::Count { least, most, none, zero, .. } => {
                let words = [zero, none].into_iter().flatten().map(|word| format!(" | {word:?}"));
                format!("{least} … {most}{}", words.collect::<String>())
            }
            Self::Words { known, .. } => format!("[{}]", quoted(known, ", ")),
            Self::Tags => "[\"VIP\", …]".to_owned(),
            Self::Domains { .. } => "[\"example.com\", …]".to_owned(),
            Self::Choice { known } => quoted(known, " | "),
            Self::Link => "\"https:…{id}…\" | \"mailto:…\" | \"tel:…\" | \"wxwork:…\"".to_owned(),
        }
    }

    /// The stricter of two values; of lists, what is left when both count.
    pub(crate) fn stricter(self, a: &Value, b: &Value) -> Value {
        match (self, a, b) {
            (Self::Switch { strict }, Value::Switch(a), Value::Switch(b)) => {
                Value::Switch(if *a == strict || *b == strict { strict } else { !strict })
            }
            (Self::Count { strict, .. }, Value::Count(a), Value::Count(b)) => {
                // No bound is more than any number.
                let (a, b) = (a.unwrap_or(u32::MAX), b.unwrap_or(u32::MAX));
                let both = if strict == Strict::Less { a.min(b) } else { a.max(b) };
                Value::Count(Some(both).filter(|count| *count != u32::MAX))
            }
            (Self::Words { strict: Strict::Less, .. } | Self::Tags, Value::Words(a), Value::Words(b)) => {
                Value::Words(a & b)
            }
            (Self::Domains { strict: Strict::Less }, Value::Words(a), Value::Words(b)) => {
                Value::Words(match (a.is_empty(), b.is_empty()) {
                    // An empty list of what alone is let in lets everything in.
                    (true, _) => b.clone(),
                    (_, true) => a.clone(),
                    _ => common_domains(a, b),
                })
            }
            (Self::Words { .. } | Self::Domains { .. }, Value::Words(a), Value::Words(b)) => {
                Value::Words(a | b)
            }
            (Self::Choice { .. }, Value::Choice(a), Value::Choice(b)) => Value::Choice(*a.max(b)),
            // A link has no stricter one: that of the first department holds.
            (_, a, _) => a.clone(),
        }
    }
}

/// Domains that both lists let in; where one names a domain above the other's, the lower one. Nothing in
/// common lets nobody in, which an empty list would not say.
fn common_domains(a: &BTreeSet<String>, b: &BTreeSet<String>) -> BTreeSet<String> {
    let inside = |one: &BTreeSet<String>, other: &BTreeSet<String>| -> BTreeSet<String> {
        one.iter().filter(|domain| other.iter().any(|above| is_below(domain, above))).cloned().collect()
    };
    let common: BTreeSet<String> = &inside(a, b) | &inside(b, a);
    if common.is_empty() { BTreeSet::from([NO_DOMAIN.to_owned()]) } else { common }
}

/// Names no domain that can be: what is allowed when nothing is.
const NO_DOMAIN: &str = "-";

/// Whether a domain is another one or lies below it. Both are in lower case.
pub(crate) fn is_below(domain: &str, above: &str) -> bool {
    domain == above || domain.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'))
}

impl Value {
    /// The switch's position; false for anything else.
    pub(crate) fn is_on(&self) -> bool {
        matches!(self, Self::Switch(true))
    }

    /// The number; none is no bound.
    pub(crate) fn count(&self) -> Option<u32> {
        match self {
            Self::Count(count) => *count,
            _ => None,
        }
    }

    /// Whether a word is in the list.
    pub(crate) fn holds(&self, word: &str) -> bool {
        matches!(self, Self::Words(words) if words.contains(word))
    }

    /// The words of the list.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        let words = match self {
            Self::Words(words) => Some(words),
            _ => None,
        };
        words.into_iter().flatten().map(String::as_str)
    }
}

/// As it is written in a policy, for a setting of a kind.
#[derive(Debug)]
pub(crate) struct Written<'a>(pub(crate) Kind, pub(crate) &'a Value);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (_, Value::Switch(on)) => write!(f, "{on}"),
            (Kind::Count { zero: Some(word), .. }, Value::Count(Some(0))) => write!(f, "{word:?}"),
            (Kind::Count { none: Some(word), .. }, Value::Count(None)) => write!(f, "{word:?}"),
            (_, Value::Count(count)) => write!(f, "{}", count.unwrap_or_default()),
            (_, Value::Words(words)) => {
                write!(f, "[")?;
                for (at, word) in words.iter().enumerate() {
                    let word = toml::Value::String(word.clone());
                    write!(f, "{}{word}", if at == 0 { "" } else { ", " })?;
                }
                write!(f, "]")
            }
            (Kind::Choice { known }, Value::Choice(at)) => {
                write!(f, "{:?}", known.get(*at).copied().unwrap_or_default())
            }
            (_, Value::Choice(_)) => Ok(()),
            (_, Value::Text(text)) => write!(f, "{}", toml::Value::String(text.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Kind, Setting, Strict, TABLE, Value};

    fn words(all: &[&str]) -> Value {
        Value::Words(all.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn each_setting_stands_once() {
        let names: BTreeSet<&str> = TABLE.iter().map(|spec| spec.name).collect();
        let rules: BTreeSet<&str> = TABLE.iter().map(|spec| spec.rule).collect();
        let settings: BTreeSet<Setting> = TABLE.iter().map(|spec| spec.setting).collect();
        assert_eq!((names.len(), rules.len(), settings.len()), (TABLE.len(), TABLE.len(), TABLE.len()));
        // The last of the enumeration: every one before it has a line.
        assert_eq!(Setting::ChatLink as usize + 1, TABLE.len());
        assert!(TABLE.iter().all(|spec| spec.setting.spec().name == spec.name));
    }

    #[test]
    fn lists_of_domains_meet_where_both_let_in() {
        let only = Kind::Domains { strict: Strict::Less };
        let both = only.stricter(&words(&["a.example", "b.example"]), &words(&["example", "b.example"]));
        assert_eq!(both, words(&["a.example", "b.example"]));
        assert_eq!(only.stricter(&words(&[]), &words(&["a.example"])), words(&["a.example"]));
        assert_eq!(only.stricter(&words(&["a.example"]), &words(&["b.example"])), words(&["-"]));
        let blocked = Kind::Domains { strict: Strict::More };
        assert_eq!(blocked.stricter(&words(&["a"]), &words(&["b"])), words(&["a", "b"]));
    }

    fn value_of(kind: Kind) -> BoxedStrategy<Value> {
        let some = |known: &'static [&'static str]| {
            proptest::sample::subsequence(known, 0..=known.len())
                .prop_map(|chosen| Value::Words(chosen.iter().map(|word| (*word).to_owned()).collect()))
                .boxed()
        };
        match kind {
            Kind::Switch { .. } => any::<bool>().prop_map(Value::Switch).boxed(),
            Kind::Count { least, most, none: Some(_), .. } => {
                proptest::option::of(least..=most).prop_map(Value::Count).boxed()
            }
            Kind::Count { least, most, .. } => (least..=most).prop_map(|n| Value::Count(Some(n))).boxed(),
            Kind::Words { known, .. } => some(known),
            Kind::Tags => some(&["VIP", "老客户", "a \"b\""]),
            Kind::Domains { .. } => some(&["a.example", "b.example", "example", "x.a.example"]),
            Kind::Choice { known } => (0..known.len()).prop_map(Value::Choice).boxed(),
            Kind::Link => Just(Value::Text("https://x/{id}".into())).boxed(),
        }
    }

    proptest! {
        #[test]
        fn the_stricter_of_two_does_not_depend_on_their_order(
            (kind, a, b, c) in proptest::sample::select(TABLE).prop_flat_map(|spec| {
                (Just(spec.kind), value_of(spec.kind), value_of(spec.kind), value_of(spec.kind))
            })
        ) {
            prop_assert_eq!(kind.stricter(&a, &b), kind.stricter(&b, &a));
            prop_assert_eq!(kind.stricter(&a, &a), a.clone());
            prop_assert_eq!(
                kind.stricter(&kind.stricter(&a, &b), &c),
                kind.stricter(&a, &kind.stricter(&b, &c))
            );
        }
    }
}
