//! May I? One pure function over the rules in force, who asks, whom, the counters and the moment.

use super::effective::Effective;
use super::setting::{Setting, Value, is_below};
use crate::domain::{Alternative, Channel, RuleRef, Step, Time, VerdictCode as Code};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Ask to be connected.
    Ask,
    /// Say yes to a request, at the first step.
    Approve,
}

/// Who wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Actor<'a> {
    /// Somebody without an account, by a card's page.
    Visitor(Visitor<'a>),
    /// A member.
    Member(Side<'a>),
}

/// What a visitor says of themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor<'a> {
    /// Whether they want it for something personal.
    pub(crate) personal: bool,
    /// The domain of the mail address that they typed, in lower case.
    pub(crate) domain: Option<&'a str>,
}

/// What is counted of a member.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    /// Requests sent today.
    pub(crate) sent_today: u32,
    /// Requests that nobody has answered yet.
    pub(crate) open: u32,
    /// Contacts outside.
    pub(crate) contacts: u32,
    /// Requests approved today.
    pub(crate) approved_today: u32,
}

/// A member with the rules of their company and what is counted of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    pub(crate) rules: Effective<'a>,
    pub(crate) counters: Counters,
    /// Mail domain of their company, in lower case.
    pub(crate) domain: Option<&'a str>,
}

/// Whom they want to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    /// Nobody that the actor may know of. Whoever is hidden is nobody.
    Nobody,
    /// Somebody of the same company.
    Colleague {
        /// Their id, when the actor may know it.
        id: Option<&'a str>,
    },
    /// An address or a name, and nobody known behind it.
    Address {
        /// Its domain, in lower case.
        domain: Option<&'a str>,
    },
    /// A member of another company.
    Outside(Outside<'a>),
}

/// A member of another company, as the actor comes to them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside<'a> {
    pub(crate) side: Side<'a>,
    /// Whether they take requests themselves.
    pub(crate) accepts: bool,
    pub(crate) way: Way,
    pub(crate) between: Between<'a>,
}

/// By what the actor can reach somebody.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    /// The card link that the actor holds.
    pub(crate) card: Option<CardState>,
    /// The partner link between the companies.
    pub(crate) link: Option<Coverage>,
    /// Whether a colleague who has the contact passes it on.
    pub(crate) introduced: bool,
}

/// What a card link is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardState {
    Live,
    Unknown,
    Revoked,
    Expired,
}

/// Whether a partner link shows a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    Covered,
    NotCovered,
}

/// What is between the two already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Between<'a> {
    #[default]
    Nothing,
    /// A contact, by its id.
    Contact(&'a str),
    /// An open request of the actor, by its id.
    Request(&'a str),
    /// They said no; the actor may ask again then, or never.
    Declined(Option<Time>),
    /// One of the two companies blocked the other person.
    Blocked,
}

/// Whether a purpose was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is not asked for yet: the answer comes before anything is typed.
    NotYet,
    Missing,
    Given,
}

/// A question to the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) act: Act,
    pub(crate) actor: Actor<'a>,
    pub(crate) target: Target<'a>,
    pub(crate) purpose: Purpose,
    /// When the present day ends, in the zone of the actor's company.
    pub(crate) day_ends: Time,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Looked {
    /// The code that it would have given.
    pub(crate) code: Code,
    pub(crate) rule: RuleRef,
    /// Whether it let the actor go on.
    pub(crate) passed: bool,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: Code,
    pub(crate) rule: RuleRef,
    /// Version of the policy that holds the rule.
    pub(crate) policy_version: i64,
    pub(crate) alternatives: Vec<Alternative>,
    /// What was looked at, in this order; the last one decided.
    pub(crate) chain: Vec<Looked>,
    /// Managers who have to approve too, when it is a yes.
    pub(crate) managers: Managers,
    /// Whether the target's approval is given in advance.
    pub(crate) automatic: bool,
    /// The way by which it goes, when it is a yes to asking.
    pub(crate) channel: Option<Channel>,
}

/// On which sides a manager approves too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Managers {
    /// On the side of whoever asks.
    pub(crate) asking: bool,
    /// On the side of whoever is asked.
    pub(crate) asked: bool,
}

/// Rules that no policy can change: they are the product's.
mod fixed {
    pub(super) const COLLEAGUE: &str = "EXT-13";
    pub(super) const CONNECTED: &str = "EXT-14";
    pub(super) const CARD: &str = "EXT-15";
    pub(super) const PENDING: &str = "EXT-10";
    pub(super) const NO_WAY: &str = "EXT-03";
    pub(super) const SCOPE: &str = "EXT-04";
    pub(super) const BLOCKED: &str = "EXT-12";
    pub(super) const PERSONAL: &str = "EXT-05";
    pub(super) const NOBODY: &str = "DIR-01";
    pub(super) const TARGET: &str = "EXT-20";
}

/// Answers a question. It looks at one thing after another; the first that does not pass decides.
pub(crate) fn verdict(case: &Case<'_>) -> Answer {
    let mut looking = Looking { version: version(case), chain: Vec::new() };
    let refusal = match case.act {
        Act::Ask => ask(case, &mut looking),
        Act::Approve => approve(case, &mut looking),
    };
    match refusal {
        Err(alternatives) => looking.no(alternatives),
        Ok(yes) => looking.yes(yes),
    }
}

/// Version of the policy on whose side the question is asked.
fn version(case: &Case<'_>) -> i64 {
    match (case.actor, case.target) {
        (Actor::Member(side), _) => side.rules.policy.version,
        (Actor::Visitor(_), Target::Outside(outside)) => outside.side.rules.policy.version,
        (Actor::Visitor(_), _) => 1,
    }
}

struct Looking {
    version: i64,
    chain: Vec<Looked>,
}

/// A yes.
struct Yes {
    code: Code,
    rule: RuleRef,
    managers: Managers,
    automatic: bool,
    channel: Option<Channel>,
}

type Refused = Vec<Alternative>;

impl Looking {
    /// Looks at one thing.
    fn check(
        &mut self,
        passed: bool,
        code: Code,
        rule: impl FnOnce() -> RuleRef,
        instead: impl FnOnce() -> Vec<Alternative>,
    ) -> Result<(), Refused> {
        self.chain.push(Looked { code, rule: rule(), passed });
        if passed { Ok(()) } else { Err(instead()) }
    }

    /// The same for a rule that no policy can change.
    fn fixed(
        &mut self,
        passed: bool,
        code: Code,
        rule: &'static str,
        instead: impl FnOnce() -> Vec<Alternative>,
    ) -> Result<(), Refused> {
        self.check(passed, code, || RuleRef::built_in(rule), instead)
    }

    fn no(self, alternatives: Vec<Alternative>) -> Answer {
        let last = self.chain.last().cloned();
        let (code, rule) = last
            .map(|last| (last.code, last.rule))
            .unwrap_or((Code::NotVisible, RuleRef::built_in(fixed::NOBODY)));
        Answer {
            code,
            rule,
            policy_version: self.version,
            alternatives,
            chain: self.chain,
            managers: Managers::default(),
            automatic: false,
            channel: None,
        }
    }

    fn yes(mut self, yes: Yes) -> Answer {
        self.chain.push(Looked { code: yes.code, rule: yes.rule.clone(), passed: true });
        Answer {
            code: yes.code,
            rule: yes.rule,
            policy_version: self.version,
            alternatives: Vec::new(),
            chain: self.chain,
            managers: yes.managers,
            automatic: yes.automatic,
            channel: yes.channel,
        }
    }
}

fn plain<const N: usize>(steps: [Step; N]) -> Vec<Alternative> {
    steps.into_iter().map(Alternative::plain).collect()
}

/// May somebody ask?
fn ask(case: &Case<'_>, looking: &mut Looking) -> Result<Yes, Refused> {
    who_is_it(case, looking)?;
    match case.actor {
        Actor::Visitor(visitor) => visitor_asks(case, visitor, looking),
        Actor::Member(side) => member_asks(case, side, looking),
    }
}

/// What needs no policy: whether there is somebody to ask, and whether asking makes sense.
fn who_is_it(case: &Case<'_>, looking: &mut Looking) -> Result<(), Refused> {
    if let Target::Nobody = case.target {
        return looking
            .fixed(false, Code::NotVisible, fixed::NOBODY, || plain([Step::LookAgain, Step::AskForCard]));
    }
    let colleague = match case.target {
        Target::Colleague { id } => Some(id),
        _ => None,
    };
    looking.fixed(colleague.is_none(), Code::Colleague, fixed::COLLEAGUE, || match colleague.flatten() {
        Some(id) => vec![Alternative::on(Step::OpenMember, id)],
        None => plain([Step::LookAgain]),
    })?;
    let Target::Outside(outside) = case.target else { return Ok(()) };
    let contact = match outside.between {
        Between::Contact(id) => Some(id),
        _ => None,
    };
    looking.fixed(contact.is_none(), Code::AlreadyConnected, fixed::CONNECTED, || {
        contact.map(|id| Alternative::on(Step::OpenContact, id)).into_iter().collect()
    })?;
    let request = match outside.between {
        Between::Request(id) => Some(id),
        _ => None,
    };
    looking.fixed(request.is_none(), Code::RequestPending, fixed::PENDING, || {
        let steps = [Step::OpenRequest, Step::Withdraw];
        request.map(|id| steps.map(|step| Alternative::on(step, id))).into_iter().flatten().collect()
    })
}

/// A visitor on a card's page. Everything is the policy of the card's owner.
fn visitor_asks(case: &Case<'_>, visitor: Visitor<'_>, looking: &mut Looking) -> Result<Yes, Refused> {
    let Target::Outside(outside) = case.target else {
        looking.fixed(false, Code::NotVisible, fixed::NOBODY, || plain([Step::AskForCard]))?;
        return Err(plain([Step::AskForCard]));
    };
    let rules = outside.side.rules;
    looking
        .fixed(!visitor.personal, Code::PersonalNotServed, fixed::PERSONAL, || plain([Step::UsePersonal]))?;
    let of_company = same_company(visitor.domain, outside.side.domain);
    looking.fixed(!of_company, Code::Colleague, fixed::COLLEAGUE, || plain([Step::LookAgain]))?;
    card(outside.way.card, looking)?;
    let granted = rules.is_on(Setting::External) && rules.value(Setting::Channels).holds("namecard");
    let setting = if rules.is_on(Setting::External) { Setting::Channels } else { Setting::External };
    looking.check(
        granted,
        Code::TargetNotAccepting,
        || rules.rule(setting),
        || plain([Step::AskColleague]),
    )?;
    accepts(&outside, looking)?;
    domains(rules, visitor.domain, looking)?;
    // Of a visitor's company nobody knows more than what they typed.
    let verified_only = rules.is_on(Setting::VerifiedOnly);
    looking.check(
        !verified_only,
        Code::CompanyUnverified,
        || rules.rule(Setting::VerifiedOnly),
        || plain([Step::AskColleague]),
    )?;
    blocked(&outside, looking)?;
    purpose(case, rules, looking)?;
    Ok(Yes {
        code: Code::AllowedNamecard,
        rule: rules.rule(Setting::Channels),
        managers: Managers::default(),
        automatic: false,
        channel: Some(Channel::Namecard),
    })
}

/// A member who wants to reach somebody outside: their own company's policy first, then the other's.
fn member_asks(case: &Case<'_>, side: Side<'_>, looking: &mut Looking) -> Result<Yes, Refused> {
    let rules = side.rules;
    looking.check(
        rules.is_on(Setting::External),
        Code::ExternalNotGranted,
        || rules.rule(Setting::External),
        || plain([Step::AskPermission, Step::AskColleague]),
    )?;
    let domain = match case.target {
        Target::Address { domain } => domain,
        Target::Outside(outside) => outside.side.domain,
        Target::Nobody | Target::Colleague { .. } => None,
    };
    domains(rules, domain, looking)?;
    let Target::Outside(outside) = case.target else {
        looking.fixed(false, Code::CompanyNotLinked, fixed::NO_WAY, no_way)?;
        return Err(no_way());
    };
    let channel = way(rules, &outside, looking)?;
    blocked(&outside, looking)?;
    let again = match outside.between {
        Between::Declined(again) => Some(again),
        _ => None,
    };
    looking.check(
        again.is_none(),
        Code::DeclinedBefore,
        || rules.rule(Setting::Cooldown),
        || {
            let wait = again.flatten().map(|at| Alternative::at(Step::Wait, at));
            plain([Step::AskColleague]).into_iter().chain(wait).collect()
        },
    )?;
    their_side(side, &outside, channel, looking)?;
    purpose(case, rules, looking)?;
    limits(case, side, looking)?;
    let from = |setting: Setting, of: Effective<'_>, so_far: u32| {
        of.count(setting).is_some_and(|above| so_far >= above)
    };
    let theirs = outside.side;
    let managers = Managers {
        asking: from(Setting::ManagerOut, rules, side.counters.sent_today),
        asked: from(Setting::ManagerIn, theirs.rules, theirs.counters.approved_today),
    };
    let code = match channel {
        _ if managers.asking => Code::NeedsManager,
        Channel::Partner => Code::AllowedPartner,
        Channel::Namecard | Channel::Introduction => Code::AllowedNamecard,
    };
    let setting = if managers.asking { Setting::ManagerOut } else { Setting::Channels };
    let automatic = channel == Channel::Partner
        && theirs.rules.is_on(Setting::AutoApprovePartners)
        && theirs.rules.count(Setting::ContactLimit).is_none_or(|most| theirs.counters.contacts < most);
    Ok(Yes { code, rule: rules.rule(setting), managers, automatic, channel: Some(channel) })
}

fn no_way() -> Vec<Alternative> {
    plain([Step::AskForCard, Step::ShowCard, Step::AskForLink, Step::UsePersonal])
}

/// The way by which it goes, if there is one that the asking side's policy opens.
fn way(rules: Effective<'_>, outside: &Outside<'_>, looking: &mut Looking) -> Result<Channel, Refused> {
    let open = rules.value(Setting::Channels);
    let Way { card: card_link, link, introduced } = outside.way;
    if link == Some(Coverage::Covered) && open.holds("partner") {
        return Ok(Channel::Partner);
    }
    if introduced && open.holds("introduction") {
        return Ok(Channel::Introduction);
    }
    if card_link.is_some() {
        card(card_link, looking)?;
        looking.check(
            open.holds("namecard"),
            Code::CompanyNotLinked,
            || rules.rule(Setting::Channels),
            no_way,
        )?;
        let verified_only = rules.is_on(Setting::VerifiedOnly) && link.is_none();
        let rule = || rules.rule(Setting::VerifiedOnly);
        looking.check(!verified_only, Code::CompanyUnverified, rule, || {
            plain([Step::AskForLink, Step::AskColleague])
        })?;
        return Ok(Channel::Namecard);
    }
    // A way that is there and closed is told as closed.
    let closed = link == Some(Coverage::Covered) || introduced;
    looking.check(!closed, Code::CompanyNotLinked, || rules.rule(Setting::Channels), no_way)?;
    looking.fixed(link != Some(Coverage::NotCovered), Code::OutsideLinkScope, fixed::SCOPE, || {
        plain([Step::SearchLinked, Step::AskForCard, Step::AskForLink])
    })?;
    looking.fixed(false, Code::CompanyNotLinked, fixed::NO_WAY, no_way)?;
    Err(no_way())
}

fn card(card: Option<CardState>, looking: &mut Looking) -> Result<(), Refused> {
    let code = match card {
        Some(CardState::Live) => Code::AllowedNamecard,
        Some(CardState::Revoked) => Code::CardRevoked,
        Some(CardState::Expired) => Code::CardExpired,
        Some(CardState::Unknown) | None => Code::CardUnknown,
    };
    looking.fixed(card == Some(CardState::Live), code, fixed::CARD, || plain([Step::AskForCard]))
}

/// What the other side's policy says of being asked. The reason is theirs: the asker hears only that they
/// are not taking requests.
fn their_side(
    side: Side<'_>,
    outside: &Outside<'_>,
    channel: Channel,
    looking: &mut Looking,
) -> Result<(), Refused> {
    let theirs = outside.side.rules;
    let open = theirs.is_on(Setting::External) && theirs.value(Setting::Channels).holds(channel.as_str());
    let let_in = side.domain.is_none_or(|domain| lets_in(theirs, domain).is_ok());
    looking.fixed(open && let_in, Code::TargetNotAccepting, fixed::TARGET, || {
        plain([Step::AskColleague, Step::ShowCard])
    })?;
    accepts(outside, looking)
}

fn accepts(outside: &Outside<'_>, looking: &mut Looking) -> Result<(), Refused> {
    let accepts = outside.accepts && outside.side.rules.is_on(Setting::Accepts);
    looking.fixed(accepts, Code::TargetNotAccepting, fixed::TARGET, || {
        plain([Step::AskColleague, Step::ShowCard])
    })
}

fn blocked(outside: &Outside<'_>, looking: &mut Looking) -> Result<(), Refused> {
    let blocked = matches!(outside.between, Between::Blocked);
    looking.fixed(!blocked, Code::Blocked, fixed::BLOCKED, || plain([Step::AskColleague]))
}

/// Mail providers whose addresses belong to persons, not to companies.
const CONSUMER_DOMAINS: &[&str] = &[
    "126.com",
    "139.com",
    "163.com",
    "189.cn",
    "aliyun.com",
    "aol.com",
    "foxmail.com",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "sina.cn",
    "sina.com",
    "sohu.com",
    "vip.qq.com",
    "web.de",
    "yahoo.com",
    "yandex.ru",
    "yeah.net",
];

/// Whether a domain, in lower case, is one of a mail provider for persons.
pub(crate) fn is_consumer(domain: &str) -> bool {
    CONSUMER_DOMAINS.iter().any(|consumer| is_below(domain, consumer))
}

/// Whether rules let a domain in; else the setting that keeps it out.
fn lets_in(rules: Effective<'_>, domain: &str) -> Result<(), Setting> {
    if !rules.is_on(Setting::PersonalAddresses) && is_consumer(domain) {
        return Err(Setting::PersonalAddresses);
    }
    if rules.value(Setting::BlockedDomains).words().any(|blocked| is_below(domain, blocked)) {
        return Err(Setting::BlockedDomains);
    }
    let allowed = rules.value(Setting::AllowedDomains);
    let any = matches!(&allowed, Value::Words(words) if words.is_empty());
    if any || allowed.words().any(|allowed| is_below(domain, allowed)) {
        Ok(())
    } else {
        Err(Setting::AllowedDomains)
    }
}

fn domains(rules: Effective<'_>, domain: Option<&str>, looking: &mut Looking) -> Result<(), Refused> {
    let Some(domain) = domain else { return Ok(()) };
    let out = lets_in(rules, domain).err();
    let personal = out == Some(Setting::PersonalAddresses);
    let rule = |setting| move || rules.rule(setting);
    looking.check(!personal, Code::PersonalNotServed, rule(Setting::PersonalAddresses), || {
        plain([
            Step::AskForAddress,
            Step::ShowCard,
            Step::SearchLinked,
            Step::AskColleague,
            Step::UsePersonal,
        ])
    })?;
    let setting = out.unwrap_or(Setting::BlockedDomains);
    looking.check(out.is_none(), Code::DomainBlocked, rule(setting), || {
        plain([Step::AskColleague, Step::LookAgain])
    })
}

fn purpose(case: &Case<'_>, rules: Effective<'_>, looking: &mut Looking) -> Result<(), Refused> {
    let missing = case.purpose == Purpose::Missing && rules.is_on(Setting::Purpose);
    let rule = || rules.rule(Setting::Purpose);
    looking.check(!missing, Code::PurposeRequired, rule, || plain([Step::GivePurpose]))
}

fn limits(case: &Case<'_>, side: Side<'_>, looking: &mut Looking) -> Result<(), Refused> {
    let Side { rules, counters, .. } = side;
    let below = |setting: Setting, so_far: u32| rules.count(setting).is_none_or(|most| so_far < most);
    looking.check(
        below(Setting::RequestsPerDay, counters.sent_today),
        Code::DailyLimit,
        || rules.rule(Setting::RequestsPerDay),
        || vec![Alternative::plain(Step::ShowCard), Alternative::at(Step::Wait, case.day_ends)],
    )?;
    looking.check(
        below(Setting::OpenRequests, counters.open),
        Code::DailyLimit,
        || rules.rule(Setting::OpenRequests),
        || plain([Step::OpenRequest, Step::ShowCard]),
    )?;
    room(side, looking)
}

/// Whether there is room for one more contact.
fn room(side: Side<'_>, looking: &mut Looking) -> Result<(), Refused> {
    let Side { rules, counters, .. } = side;
    let room = rules.count(Setting::ContactLimit).is_none_or(|most| counters.contacts < most);
    let rule = || rules.rule(Setting::ContactLimit);
    looking.check(room, Code::ContactLimit, rule, || plain([Step::MakeRoom, Step::AskColleague]))
}

/// May the member whom it is for say yes?
fn approve(case: &Case<'_>, looking: &mut Looking) -> Result<Yes, Refused> {
    let Actor::Member(side) = case.actor else {
        looking.fixed(false, Code::NotYours, "APR-01", || plain([Step::AskOwner]))?;
        return Err(plain([Step::AskOwner]));
    };
    let rules = side.rules;
    looking.check(
        rules.is_on(Setting::External),
        Code::ExternalNotGranted,
        || rules.rule(Setting::External),
        || plain([Step::AskPermission, Step::AskColleague]),
    )?;
    room(side, looking)?;
    let asked = rules.count(Setting::ManagerIn).is_some_and(|above| side.counters.approved_today >= above);
    let (code, setting) = if asked {
        (Code::NeedsManager, Setting::ManagerIn)
    } else {
        (Code::AllowedNamecard, Setting::Channels)
    };
    Ok(Yes {
        code,
        rule: rules.rule(setting),
        managers: Managers { asking: false, asked },
        automatic: false,
        channel: None,
    })
}

/// Whether an address is of a company's own domain or one below it.
pub(crate) fn same_company(domain: Option<&str>, company: Option<&str>) -> bool {
    match (domain, company) {
        (Some(domain), Some(company)) => !company.is_empty() && is_below(domain, company),
        _ => false,
    }
}

/// The domain of a mail address, in lower case.
pub(crate) fn domain_of(email: &str) -> Option<String> {
    let (_, host) = email.rsplit_once('@')?;
    Some(host.trim().to_lowercase()).filter(|host| !host.is_empty())
}
