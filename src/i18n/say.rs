//! Values of the product in words: faults, reasons, states, times.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Text, Words};
use crate::domain::{
    AddWay, ApprovalKind, Channel, Conflict, DataFault, DecisionKind, Fault, HistoryKind, PhoneKind,
    ReasonCode, RequestState, Role, RowFault, Status, Time, VerdictCode,
};
use crate::text::SafeText;

/// How many cells of somebody's name stand in a sentence of ours.
pub const NAME_CELLS: usize = 24;

impl Words {
    /// What happened, what it means, and what to do next.
    pub fn fault(&self, fault: &Fault) -> SafeText {
        match fault {
            Fault::Certificate => self.get(Text::FaultCertificate),
            Fault::Unreachable => self.get(Text::FaultUnreachable),
            Fault::TimedOut { sent: true } => self.get(Text::FaultTimedOutSent),
            Fault::TimedOut { sent: false } => self.get(Text::FaultTimedOut),
            Fault::NotSignedIn => self.get(Text::FaultNotSignedIn),
            Fault::NotFound => self.get(Text::FaultNotFound),
            Fault::Forbidden => self.get(Text::FaultForbidden),
            Fault::Refused(refusal) => self.verdict(refusal.verdict.code),
            Fault::Policy(_) => self.get(Text::FaultPolicy),
            Fault::Decided(conflict) => self.conflict(conflict),
            Fault::Changed { .. } => self.get(Text::FaultChanged),
            Fault::WindowOver => self.get(Text::FaultWindowOver),
            Fault::Invalid { field: Some(field), code } => self.fill(
                Text::FaultInvalidField,
                &[("field", field.line(NAME_CELLS)), ("code", code.line(NAME_CELLS))],
            ),
            Fault::Invalid { field: None, code } => {
                self.fill(Text::FaultInvalid, &[("code", code.line(2 * NAME_CELLS))])
            }
            Fault::Busy { .. } => self.get(Text::FaultBusy),
            Fault::StorageFull => self.get(Text::FaultStorageFull),
            Fault::Server { status, .. } => {
                self.fill(Text::FaultServer, &[("status", SafeText::number(*status))])
            }
            Fault::OtherName => self.get(Text::FaultOtherName),
            Fault::Garbled => self.get(Text::FaultGarbled),
            Fault::Held { pid: Some(pid) } => self.fill(Text::FaultHeld, &[("pid", SafeText::number(*pid))]),
            Fault::Held { pid: None } => self.get(Text::FaultHeldUnknown),
            Fault::ServerNewer => self.get(Text::FaultServerNewer),
            Fault::ServerOlder => self.get(Text::FaultServerOlder),
            Fault::KeyringSilent => self.get(Text::FaultKeyringSilent),
            Fault::NewerData => self.get(Text::FaultNewerData),
            Fault::BadData { file, what } => self.data_fault(*what, file.line(200)),
            Fault::Local(detail) => self.fill(Text::FaultLocal, &[("detail", detail.line(200))]),
        }
    }

    /// What is wrong with the file of a database.
    pub fn data_fault(&self, what: DataFault, file: SafeText) -> SafeText {
        let text = match what {
            DataFault::NotADatabase => Text::DataNotADatabase,
            DataFault::Damaged => Text::DataDamaged,
            DataFault::ReadOnly => Text::DataReadOnly,
            DataFault::CannotOpen => Text::DataCannotOpen,
            DataFault::Locked => Text::DataLocked,
            DataFault::Altered => Text::DataAltered,
        };
        self.fill(text, &[("file", file)])
    }

    /// Who decided what before.
    pub fn conflict(&self, conflict: &Conflict) -> SafeText {
        let state = self.state(conflict.state);
        match &conflict.by {
            Some(who) => {
                self.fill(Text::FaultDecidedBy, &[("who", who.name.line(NAME_CELLS)), ("state", state)])
            }
            None => self.fill(Text::FaultDecided, &[("state", state)]),
        }
    }

    /// A reason of a rejection.
    pub fn reason(&self, reason: ReasonCode) -> SafeText {
        self.get(match reason {
            ReasonCode::NotKnown => Text::ReasonNotKnown,
            ReasonCode::WrongContact => Text::ReasonWrongContact,
            ReasonCode::NoBusinessReason => Text::ReasonNoBusinessReason,
            ReasonCode::LooksFake => Text::ReasonLooksFake,
            ReasonCode::PersonalAccount => Text::ReasonPersonalAccount,
            ReasonCode::Other => Text::ReasonOther,
        })
    }

    /// A request's state.
    pub fn state(&self, state: RequestState) -> SafeText {
        self.get(match state {
            RequestState::Pending => Text::StatePending,
            RequestState::PendingManager => Text::StatePendingManager,
            RequestState::Approved => Text::StateApproved,
            RequestState::Rejected => Text::StateRejected,
            RequestState::Withdrawn => Text::StateWithdrawn,
            RequestState::Expired => Text::StateExpired,
            RequestState::Blocked => Text::StateBlocked,
        })
    }

    /// What was decided.
    pub fn decision(&self, kind: DecisionKind) -> SafeText {
        self.get(match kind {
            DecisionKind::Approve => Text::StateApproved,
            DecisionKind::Reject => Text::StateRejected,
            DecisionKind::Block => Text::StateBlocked,
        })
    }

    /// A verdict.
    pub fn verdict(&self, code: VerdictCode) -> SafeText {
        self.get(match code {
            VerdictCode::Colleague => Text::VerdictColleague,
            VerdictCode::AlreadyConnected => Text::VerdictAlreadyConnected,
            VerdictCode::RequestPending => Text::VerdictRequestPending,
            VerdictCode::AllowedPartner => Text::VerdictAllowedPartner,
            VerdictCode::AllowedNamecard => Text::VerdictAllowedNamecard,
            VerdictCode::NeedsManager => Text::VerdictNeedsManager,
            VerdictCode::ExternalNotGranted => Text::VerdictExternalNotGranted,
            VerdictCode::CompanyNotLinked => Text::VerdictCompanyNotLinked,
            VerdictCode::CompanyUnverified => Text::VerdictCompanyUnverified,
            VerdictCode::OutsideLinkScope => Text::VerdictOutsideLinkScope,
            VerdictCode::TargetNotAccepting => Text::VerdictTargetNotAccepting,
            VerdictCode::Blocked => Text::VerdictBlocked,
            VerdictCode::DomainBlocked => Text::VerdictDomainBlocked,
            VerdictCode::DeclinedBefore => Text::VerdictDeclinedBefore,
            VerdictCode::CardUnknown => Text::VerdictCardUnknown,
            VerdictCode::CardRevoked => Text::VerdictCardRevoked,
            VerdictCode::CardExpired => Text::VerdictCardExpired,
            VerdictCode::PurposeRequired => Text::VerdictPurposeRequired,
            VerdictCode::PersonalNotServed => Text::VerdictPersonalNotServed,
            VerdictCode::DailyLimit => Text::VerdictDailyLimit,
            VerdictCode::ContactLimit => Text::VerdictContactLimit,
            VerdictCode::DecidedElsewhere => Text::VerdictDecidedElsewhere,
            VerdictCode::NotYours => Text::VerdictNotYours,
            VerdictCode::NotVisible => Text::VerdictNotVisible,
        })
    }

    /// A kind of approval.
    pub fn kind(&self, kind: ApprovalKind) -> SafeText {
        self.get(match kind {
            ApprovalKind::Connection => Text::KindConnection,
            ApprovalKind::Permission => Text::KindPermission,
            ApprovalKind::Handover => Text::KindHandover,
            ApprovalKind::PartnerLink => Text::KindPartnerLink,
        })
    }

    /// A channel.
    pub fn channel(&self, channel: Channel) -> SafeText {
        self.get(match channel {
            Channel::Partner => Text::ChannelPartner,
            Channel::Namecard => Text::ChannelNamecard,
            Channel::Introduction => Text::ChannelIntroduction,
        })
    }

    /// A channel in a column.
    pub fn channel_short(&self, channel: Channel) -> SafeText {
        self.get(match channel {
            Channel::Partner => Text::ChannelPartner,
            Channel::Namecard => Text::ShortNamecard,
            Channel::Introduction => Text::ShortIntroduction,
        })
    }

    /// In which way a connection came about.
    pub fn add_way(&self, way: AddWay) -> SafeText {
        self.get(match way {
            AddWay::TheyAsked => Text::AddWayTheyAsked,
            AddWay::TheirCard => Text::AddWayTheirCard,
            AddWay::Linked => Text::AddWayLinked,
            AddWay::Introduced => Text::AddWayIntroduced,
            AddWay::HandedOver => Text::AddWayHandedOver,
        })
    }

    /// What happened to a contact.
    pub fn history(&self, what: HistoryKind) -> SafeText {
        self.get(match what {
            HistoryKind::Requested => Text::HistoryRequested,
            HistoryKind::Approved => Text::HistoryApproved,
            HistoryKind::RemarkChanged => Text::HistoryRemarkChanged,
            HistoryKind::TagsChanged => Text::HistoryTagsChanged,
            HistoryKind::Introduced => Text::HistoryIntroduced,
            HistoryKind::HandedOver => Text::HistoryHandedOver,
            HistoryKind::EndedByThem => Text::HistoryEndedByThem,
        })
    }

    /// What a number is for.
    pub fn phone_kind(&self, kind: PhoneKind) -> SafeText {
        self.get(match kind {
            PhoneKind::Mobile => Text::LabelMobile,
            PhoneKind::Work => Text::LabelPhone,
        })
    }

    /// Whether somebody works here.
    pub fn status(&self, status: Status) -> SafeText {
        self.get(match status {
            Status::Active => Text::StatusActive,
            Status::Disabled => Text::StatusDisabled,
            Status::NotActivated => Text::StatusNotActivated,
            Status::Left => Text::StatusLeft,
        })
    }

    /// A role.
    pub fn role(&self, role: Role) -> SafeText {
        self.get(match role {
            Role::Visitor => Text::RoleVisitor,
            Role::Member => Text::RoleMember,
            Role::Manager => Text::RoleManager,
            Role::Admin => Text::RoleAdmin,
            Role::Auditor => Text::RoleAuditor,
            Role::Operator => Text::RoleOperator,
        })
    }

    /// What is wrong with a row of an import.
    pub fn row_fault(&self, fault: RowFault) -> SafeText {
        self.get(match fault {
            RowFault::Utf8 => Text::RowUtf8,
            RowFault::LineTooLong => Text::RowLineTooLong,
            RowFault::Malformed => Text::RowMalformed,
            RowFault::FieldCount => Text::RowFieldCount,
            RowFault::Missing => Text::RowMissing,
            RowFault::TooLong => Text::RowTooLong,
            RowFault::Unreadable => Text::RowUnreadable,
            RowFault::Id => Text::RowId,
            RowFault::DuplicateId => Text::RowDuplicateId,
            RowFault::UnknownWord => Text::RowUnknownWord,
            RowFault::Email => Text::RowEmail,
            RowFault::Path => Text::RowPath,
            RowFault::TooManyDepartments => Text::RowTooManyDepartments,
            RowFault::UnknownManager => Text::RowUnknownManager,
            RowFault::ManagerCycle => Text::RowManagerCycle,
        })
    }

    /// A length of time in its largest unit: `40 s`, `5 min`, `3 h`, `2 d`.
    pub fn span(&self, span: Duration) -> SafeText {
        let seconds = span.as_secs();
        let (text, n) = match seconds {
            0..60 => (Text::SpanSeconds, seconds),
            60..3_600 => (Text::SpanMinutes, seconds / 60),
            3_600..86_400 => (Text::SpanHours, seconds / 3_600),
            _ => (Text::SpanDays, seconds / 86_400),
        };
        self.fill(text, &[("n", SafeText::number(n))])
    }

    /// How long ago something was.
    pub fn ago(&self, now: Time, then: Time) -> SafeText {
        self.fill(Text::Ago, &[("span", self.span(now.since(then)))])
    }
}

/// Day and time in a zone: `06-02 10:41`, with the year when it is another one.
pub fn date_time(at: Time, now: Time, zone: &TimeZone) -> SafeText {
    let (at, now) = (at.timestamp().to_zoned(zone.clone()), now.timestamp().to_zoned(zone.clone()));
    let pattern = if at.year() == now.year() { "%m-%d %H:%M" } else { "%Y-%m-%d %H:%M" };
    SafeText::clean(&at.strftime(pattern).to_string())
}

/// The day in a zone: `2026-06-02`.
pub fn date(at: Time, zone: &TimeZone) -> SafeText {
    SafeText::clean(&at.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string())
}

/// The time of the day in a zone: `10:41`.
pub fn clock(at: Time, zone: &TimeZone) -> SafeText {
    SafeText::clean(&at.timestamp().to_zoned(zone.clone()).strftime("%H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{clock, date, date_time};
    use crate::domain::Time;
    use crate::i18n::{Lang, Words};

    #[test]
    fn times_are_shown_in_their_zone_and_largest_unit() {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let at: Time = "2026-06-09T18:13:20Z".parse::<jiff::Timestamp>().unwrap().into();
        assert_eq!(date_time(at, at, &zone).as_str(), "06-10 02:13");
        assert_eq!(
            date_time(at, at.after(Duration::from_secs(400 * 86_400)), &zone).as_str(),
            "2026-06-10 02:13"
        );
        assert_eq!((date(at, &zone).as_str(), clock(at, &zone).as_str()), ("2026-06-10", "02:13"));
        let words = Words::of(Lang::En);
        let spans =
            [0, 59, 60, 3_599, 3_600, 86_399, 86_400].map(|s| words.span(Duration::from_secs(s)).to_string());
        assert_eq!(spans, ["0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d"]);
    }
}
