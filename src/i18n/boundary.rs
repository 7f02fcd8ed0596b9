//! The boundary in words: verdicts and their rules, what can be done instead, warnings, faults of a policy.

use jiff::tz::TimeZone;

use super::say::{NAME_CELLS, date};
use super::{Text, Words};
use crate::domain::{
    Alternative, Flag, ItemState, NoteKind, Part, PolicyFault, PolicyFaultCode, RequesterKind, RuleRef, Step,
    Verdict, VerdictCode,
};
use crate::text::{SafeText, Untrusted};

/// Cells of a title or a reason that the author of a policy wrote.
const RULE_CELLS: usize = 200;

/// Title and reason of a rule that the program brings along.
fn built_in(id: &str) -> Option<(Text, Text)> {
    Some(match id {
        "EXT-01" => (Text::RuleExt01, Text::WhyExt01),
        "EXT-02" => (Text::RuleExt02, Text::WhyExt02),
        "EXT-03" => (Text::RuleExt03, Text::WhyExt03),
        "EXT-04" => (Text::RuleExt04, Text::WhyExt04),
        "EXT-05" => (Text::RuleExt05, Text::WhyExt05),
        "EXT-06" => (Text::RuleExt06, Text::WhyExt06),
        "EXT-07" => (Text::RuleExt07, Text::WhyExt07),
        "EXT-08" => (Text::RuleExt08, Text::WhyExt08),
        "EXT-09" => (Text::RuleExt09, Text::WhyExt09),
        "EXT-10" => (Text::RuleExt10, Text::WhyExt10),
        "EXT-11" => (Text::RuleExt11, Text::WhyExt11),
        "EXT-12" => (Text::RuleExt12, Text::WhyExt12),
        "EXT-13" => (Text::RuleExt13, Text::WhyExt13),
        "EXT-14" => (Text::RuleExt14, Text::WhyExt14),
        "EXT-15" => (Text::RuleExt15, Text::WhyExt15),
        "EXT-16" => (Text::RuleExt16, Text::WhyExt16),
        "EXT-17" => (Text::RuleExt17, Text::WhyExt17),
        "EXT-18" => (Text::RuleExt18, Text::WhyExt18),
        "EXT-19" => (Text::RuleExt19, Text::WhyExt19),
        "EXT-20" => (Text::RuleExt20, Text::WhyExt20),
        "EXT-21" => (Text::RuleExt21, Text::WhyExt21),
        "EXT-22" => (Text::RuleExt22, Text::WhyExt22),
        "APR-01" => (Text::RuleApr01, Text::WhyApr01),
        "APR-02" => (Text::RuleApr02, Text::WhyApr02),
        "APR-03" => (Text::RuleApr03, Text::WhyApr03),
        "APR-04" => (Text::RuleApr04, Text::WhyApr04),
        "APR-05" => (Text::RuleApr05, Text::WhyApr05),
        "CRD-01" => (Text::RuleCrd01, Text::WhyCrd01),
        "CRD-02" => (Text::RuleCrd02, Text::WhyCrd02),
        "CRD-03" => (Text::RuleCrd03, Text::WhyCrd03),
        "CRD-04" => (Text::RuleCrd04, Text::WhyCrd04),
        "CRD-05" => (Text::RuleCrd05, Text::WhyCrd05),
        "CRD-06" => (Text::RuleCrd06, Text::WhyCrd06),
        "DIR-01" => (Text::RuleDir01, Text::WhyDir01),
        "DIR-02" => (Text::RuleDir02, Text::WhyDir02),
        "DIR-03" => (Text::RuleDir03, Text::WhyDir03),
        "OFF-01" => (Text::RuleOff01, Text::WhyOff01),
        "OFF-02" => (Text::RuleOff02, Text::WhyOff02),
        "EXP-01" => (Text::RuleExp01, Text::WhyExp01),
        "RET-01" => (Text::RuleRet01, Text::WhyRet01),
        "RET-02" => (Text::RuleRet02, Text::WhyRet02),
        "CHT-01" => (Text::RuleCht01, Text::WhyCht01),
        _ => return None,
    })
}

impl Words {
    /// What a verdict means for whoever hears it, as a sentence.
    pub fn verdict_means(&self, code: VerdictCode) -> SafeText {
        self.get(match code {
            VerdictCode::Colleague => Text::MeansColleague,
            VerdictCode::AlreadyConnected => Text::MeansAlreadyConnected,
            VerdictCode::RequestPending => Text::MeansRequestPending,
            VerdictCode::AllowedPartner => Text::MeansAllowedPartner,
            VerdictCode::AllowedNamecard => Text::MeansAllowedNamecard,
            VerdictCode::NeedsManager => Text::MeansNeedsManager,
            VerdictCode::ExternalNotGranted => Text::MeansExternalNotGranted,
            VerdictCode::CompanyNotLinked => Text::MeansCompanyNotLinked,
            VerdictCode::CompanyUnverified => Text::MeansCompanyUnverified,
            VerdictCode::OutsideLinkScope => Text::MeansOutsideLinkScope,
            VerdictCode::TargetNotAccepting => Text::MeansTargetNotAccepting,
            VerdictCode::Blocked => Text::MeansBlocked,
            VerdictCode::DomainBlocked => Text::MeansDomainBlocked,
            VerdictCode::DeclinedBefore => Text::MeansDeclinedBefore,
            VerdictCode::CardUnknown => Text::MeansCardUnknown,
            VerdictCode::CardRevoked => Text::MeansCardRevoked,
            VerdictCode::CardExpired => Text::MeansCardExpired,
            VerdictCode::PurposeRequired => Text::MeansPurposeRequired,
            VerdictCode::PersonalNotServed => Text::MeansPersonalNotServed,
            VerdictCode::DailyLimit => Text::MeansDailyLimit,
            VerdictCode::ContactLimit => Text::MeansContactLimit,
            VerdictCode::DecidedElsewhere => Text::MeansDecidedElsewhere,
            VerdictCode::NotYours => Text::MeansNotYours,
            VerdictCode::NotVisible => Text::MeansNotVisible,
        })
    }

    /// The title of a rule.
    pub fn rule_title(&self, rule: &RuleRef) -> SafeText {
        match (&rule.title, built_in(&rule.id)) {
            (Some(title), _) => title.line(RULE_CELLS),
            (None, Some((title, _))) => self.get(title),
            // A grant names who gave it and why, and has no title.
            (None, None) => self.get(Text::RuleGrant),
        }
    }

    /// Why a rule is there; none when nobody said.
    pub fn rule_why(&self, rule: &RuleRef) -> Option<SafeText> {
        match (&rule.why, built_in(&rule.id)) {
            (Some(why), _) => Some(why.line(RULE_CELLS)),
            (None, Some((_, why))) => Some(self.get(why)),
            (None, None) => None,
        }
    }

    /// The rule behind a verdict in three lines at most: its name, why it is there, who set it and when.
    pub fn rule_lines(&self, verdict: &Verdict, zone: &TimeZone) -> Vec<SafeText> {
        let rule = &verdict.rule;
        let named = [("rule", SafeText::clean(&rule.id)), ("title", self.rule_title(rule))];
        let mut lines = vec![self.fill(Text::RuleLine, &named)];
        lines.extend(self.rule_why(rule));
        let version = SafeText::number(verdict.policy_version);
        lines.push(match (&rule.set_by, rule.since) {
            (Some(who), Some(since)) => self.fill(
                Text::RuleSetBy,
                &[("who", who.line(NAME_CELLS)), ("version", version), ("date", date(since, zone))],
            ),
            _ => self.fill(Text::RuleBuiltIn, &[("version", version)]),
        });
        lines
    }

    /// Something that can be done instead.
    pub fn alternative(&self, alternative: &Alternative, zone: &TimeZone) -> SafeText {
        let who = alternative.name.as_ref().map(|name| name.line(NAME_CELLS));
        match (alternative.step, who, alternative.at) {
            (Step::AskColleague, Some(who), _) => self.fill(Text::StepAskColleagueWho, &[("who", who)]),
            (Step::OpenElsewhere, Some(system), _) => {
                self.fill(Text::StepOpenElsewhereWho, &[("system", system)])
            }
            (Step::Wait, _, Some(at)) => self.fill(Text::StepWait, &[("date", date(at, zone))]),
            (step, ..) => self.get(match step {
                Step::AskColleague => Text::StepAskColleague,
                Step::Wait => Text::StepWaitSoon,
                Step::OpenMember => Text::StepOpenMember,
                Step::OpenContact => Text::StepOpenContact,
                Step::OpenRequest => Text::StepOpenRequest,
                Step::Withdraw => Text::StepWithdraw,
                Step::AskPermission => Text::StepAskPermission,
                Step::ShowCard => Text::StepShowCard,
                Step::AskForCard => Text::StepAskForCard,
                Step::AskForAddress => Text::StepAskForAddress,
                Step::SearchLinked => Text::StepSearchLinked,
                Step::AskForLink => Text::StepAskForLink,
                Step::GivePurpose => Text::StepGivePurpose,
                Step::MakeRoom => Text::StepMakeRoom,
                Step::LookAgain => Text::StepLookAgain,
                Step::AskOwner => Text::StepAskOwner,
                Step::OpenElsewhere => Text::StepOpenElsewhere,
                Step::UsePersonal => Text::StepUsePersonal,
            }),
        }
    }

    /// A warning beside a request.
    pub fn flag(&self, flag: Flag) -> SafeText {
        self.get(match flag {
            Flag::LookAlikeName => Text::FlagLookAlikeName,
            Flag::LookAlikeDomain => Text::FlagLookAlikeDomain,
            Flag::SameName => Text::FlagSameName,
            Flag::MixedScripts => Text::FlagMixedScripts,
            Flag::HiddenCharacters => Text::FlagHiddenCharacters,
            Flag::Link => Text::FlagLink,
            Flag::PersonalAddress => Text::FlagPersonalAddress,
            Flag::Burst => Text::FlagBurst,
        })
    }

    /// A warning in a column.
    pub fn flag_short(&self, flag: Flag) -> SafeText {
        self.get(match flag {
            Flag::LookAlikeName => Text::FlagShortLookAlikeName,
            Flag::LookAlikeDomain => Text::FlagShortLookAlikeDomain,
            Flag::SameName => Text::FlagShortSameName,
            Flag::MixedScripts => Text::FlagShortMixedScripts,
            Flag::HiddenCharacters => Text::FlagShortHiddenCharacters,
            Flag::Link => Text::FlagShortLink,
            Flag::PersonalAddress => Text::FlagShortPersonalAddress,
            Flag::Burst => Text::FlagShortBurst,
        })
    }

    /// As what the viewer stands to a request.
    pub fn part(&self, part: Part) -> SafeText {
        self.get(match part {
            Part::Target => Text::PartTarget,
            Part::StandIn => Text::PartStandIn,
            Part::ManagerAsked => Text::PartManagerAsked,
            Part::ManagerAsking => Text::PartManagerAsking,
            Part::Admin => Text::PartAdmin,
            Part::Assigner => Text::PartAssigner,
            Part::Requester => Text::PartRequester,
            Part::Past => Text::PartPast,
        })
    }

    /// What was said or done on a request.
    pub fn note(&self, note: NoteKind) -> SafeText {
        self.get(match note {
            NoteKind::Question => Text::NoteQuestion,
            NoteKind::Answer => Text::NoteAnswer,
            NoteKind::Passed => Text::NotePassed,
            NoteKind::Assigned => Text::NoteAssigned,
            NoteKind::Returned => Text::NoteReturned,
        })
    }

    /// What became of one thing that is handed over.
    pub fn item(&self, item: ItemState) -> SafeText {
        self.get(match item {
            ItemState::Waiting => Text::ItemWaiting,
            ItemState::Told => Text::ItemTold,
            ItemState::Done => Text::ItemDone,
            ItemState::Refused => Text::ItemRefused,
            ItemState::Failed => Text::ItemFailed,
        })
    }

    /// Who asks.
    pub fn asker(&self, asker: RequesterKind) -> SafeText {
        self.get(match asker {
            RequesterKind::Visitor => Text::AskerVisitor,
            RequesterKind::Member => Text::AskerMember,
            RequesterKind::Colleague => Text::AskerColleague,
        })
    }

    /// A fault of a policy, with its line and the mend.
    pub fn policy_fault(&self, fault: &PolicyFault) -> SafeText {
        let name = fault.name.as_ref().map(|name| name.line(RULE_CELLS)).unwrap_or_default();
        let what = self.fill(
            match fault.code {
                PolicyFaultCode::NotToml => Text::PolicyNotToml,
                PolicyFaultCode::UnknownName => Text::PolicyUnknownName,
                PolicyFaultCode::WrongValue => Text::PolicyWrongValue,
                PolicyFaultCode::Missing => Text::PolicyMissing,
                PolicyFaultCode::IdForm => Text::PolicyIdForm,
                PolicyFaultCode::IdTaken => Text::PolicyIdTaken,
                PolicyFaultCode::UnknownDepartment => Text::PolicyUnknownDepartment,
                PolicyFaultCode::UnknownMember => Text::PolicyUnknownMember,
                PolicyFaultCode::SetsNothing => Text::PolicySetsNothing,
                PolicyFaultCode::WrongLevel => Text::PolicyWrongLevel,
                PolicyFaultCode::Contradiction => Text::PolicyContradiction,
                PolicyFaultCode::LocksOut => Text::PolicyLocksOut,
                PolicyFaultCode::DeadLocked => Text::PolicyDeadLocked,
                PolicyFaultCode::DeadSame => Text::PolicyDeadSame,
                PolicyFaultCode::DeadNobody => Text::PolicyDeadNobody,
                PolicyFaultCode::DeadSwitch => Text::PolicyDeadSwitch,
                PolicyFaultCode::DeadVisible => Text::PolicyDeadVisible,
            },
            &[("name", name)],
        );
        let line = SafeText::number(fault.line);
        match fault.mend.as_ref().map(|mend: &Untrusted| mend.line(RULE_CELLS)) {
            Some(mend) => self.fill(Text::PolicyFaultMend, &[("line", line), ("what", what), ("mend", mend)]),
            None => self.fill(Text::PolicyFaultLine, &[("line", line), ("what", what)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::built_in;
    use crate::domain::{RuleRef, Time, Verdict, VerdictCode};
    use crate::i18n::{Lang, Words};

    #[test]
    fn a_rule_says_who_set_it_and_a_built_in_one_that_nobody_did() {
        let zone = jiff::tz::TimeZone::UTC;
        let mut verdict = Verdict {
            code: VerdictCode::PersonalNotServed,
            rule: RuleRef::built_in("EXT-05"),
            policy_version: 3,
            alternatives: Vec::new(),
        };
        let say = |verdict: &Verdict, lang: Lang| -> Vec<String> {
            Words::of(lang).rule_lines(verdict, &zone).iter().map(|line| line.as_str().to_owned()).collect()
        };
        let english = say(&verdict, Lang::En);
        assert_eq!(english[0], "Rule EXT-05: companies, not private accounts.");
        assert_eq!(english[2], "Built in: no policy of yours says otherwise (v3).");
        assert_ne!(english, say(&verdict, Lang::ZhCn));
        verdict.rule.set_by = Some("Security\u{202e}".into());
        verdict.rule.since = Some(Time::from_micros(1_780_000_000_000_000));
        verdict.rule.title = Some("no gmail".into());
        verdict.rule.why = Some("we cannot hand it over".into());
        let own = say(&verdict, Lang::En);
        assert_eq!(own[0], "Rule EXT-05: no gmail.");
        assert_eq!(own[1], "we cannot hand it over");
        assert_eq!(own[2], "Set by Security<U+202E>, policy v3, since 2026-05-28.");
    }

    #[test]
    fn rules_of_the_program_have_words() {
        assert!(built_in("EXT-01").is_some() && built_in("XXX-99").is_none());
    }
}
